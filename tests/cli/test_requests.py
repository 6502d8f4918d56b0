import json
from typing import Any

import pytest
from click.testing import Result

from policy.canonical import content_hash
from tests.cli.test_catalog import guildhall
from tests.cli.told import Told, ToldServer, told

ID = "0198c1a2-7c3e-7b11-9d52-4f0a6f1f2e3d"
GRANT = "0198c1a2-7c3e-7b11-9d52-4f0a6f1f2e3e"
CONTENT = {"purpose": "Check limits", "team": "retail", "duration_days": 30}
WHO = {"id": "1", "handle": "member", "name": "Demo member"}
REVIEW = {"reviewer": WHO, "decision": "approve", "meaning": "m", "reason": "", "time": "t"}
REQUEST: dict[str, Any] = {
    "id": ID,
    "state": "pending",
    "route": "risk.credit",
    "team": "retail",
    "requester": WHO,
    "asked": True,
    "created": "t",
    "decided": None,
    "grant_id": None,
    "stale": False,
    "content": CONTENT,
    "content_hash": content_hash(CONTENT),
    "missing": [{"group": "owner:risk", "count": 1}, {"group": "reviewer", "count": 2}],
    "reviews": [REVIEW],
}
ALL = "/api/v1/access-requests"
READ = f"GET {ALL}/{ID}"
REVIEWS = f"POST {ALL}/{ID}/reviews"
SIGNED = Told({"id": ID, "state": "approved", "review_id": "2", "grant_id": GRANT}, 201)


def approve(server: ToldServer, *more: str, **given: Any) -> Result:
    return guildhall(server, "approve", ID, "--meaning", "Owner accepts", *more, **given)


def test_the_id_stands_alone_for_a_shell_to_keep() -> None:
    created = {"id": ID, "state": "pending", "content_hash": "h", "required": REQUEST["missing"]}
    wanted = ("create", "risk.credit", "--team", "retail", "--purpose", "Check limits", "--days", "30")
    with told({f"POST {ALL}": Told(created, 201)}) as server:
        ran = guildhall(server, "request", *wanted)
    assert (ran.exit_code, ran.stdout) == (0, f"{ID}\n")
    assert ran.stderr == "It needs owner:risk and reviewer (2 people).\n"
    asked = {"route": "risk.credit", "team": "retail", "purpose": "Check limits", "duration_days": 30}
    assert server.asked[0].body == asked


def test_access_is_asked_for_one_person_of_the_team() -> None:
    created = {"id": ID, "state": "pending", "content_hash": "h", "required": REQUEST["missing"]}
    wanted = ("create", "risk.credit", "--team", "retail", "--purpose", "Check limits", "--person", "member")
    with told({f"POST {ALL}": Told(created, 201)}) as server:
        ran = guildhall(server, "request", *wanted)
    assert (ran.exit_code, server.asked[0].body["person"]) == (0, "member")


def test_requests_are_listed_to_the_last_page_with_what_was_wanted() -> None:
    pages = [Told({"items": [REQUEST], "next": "k"}), Told({"items": [REQUEST], "next": None})]
    with told({f"GET {ALL}": pages}) as server:
        ran = guildhall(server, "request", "list", "--state", "pending", "--asked")
    assert [asked.query for asked in server.asked] == [
        {"state": "pending", "asked": "true"},
        {"state": "pending", "asked": "true", "after": "k"},
    ]
    assert ran.stdout.splitlines()[1].split() == [
        ID,
        "pending",
        "risk.credit",
        "retail",
        "member",
        "yes",
        "t",
    ]


def test_a_request_shows_what_was_asked_what_is_missing_and_who_answered() -> None:
    with told({READ: Told(REQUEST)}) as server:
        ran = guildhall(server, "request", "show", ID)
    assert "purpose        Check limits\n" in ran.stdout
    assert "missing       owner:risk and reviewer (2 people)\n" in ran.stdout
    assert ran.stdout.splitlines()[-1].split() == ["member", "approve", "m", "t"]


def test_what_is_signed_is_shown_with_its_hash_before_it_is_signed() -> None:
    with told({READ: Told(REQUEST), REVIEWS: SIGNED}) as server:
        ran = approve(server, "--reason", "fits", input="y\n")
    shown, _, rest = ran.stdout.partition("Sign this?")
    assert "purpose        Check limits\n" in shown
    assert f"content_hash   {content_hash(CONTENT)}\n" in shown
    assert "decision       approve\nmeaning        Owner accepts\nreason         fits\n" in shown
    assert rest.endswith("Signed. The request is approved.\n")
    assert server.asked[1].body == {
        "decision": "approve",
        "meaning": "Owner accepts",
        "reason": "fits",
        "content_hash": content_hash(CONTENT),
    }


@pytest.mark.parametrize("said", ["n\n", ""])
def test_who_does_not_say_yes_signs_nothing(said: str) -> None:
    with told({READ: Told(REQUEST), REVIEWS: SIGNED}) as server:
        ran = approve(server, input=said)
    assert (ran.exit_code, len(server.asked)) == (1, 1)


def test_content_that_is_not_what_the_hash_says_is_not_signed() -> None:
    forged = {**REQUEST, "content": {**CONTENT, "purpose": "Harmless"}}
    with told({READ: Told(forged), REVIEWS: SIGNED}) as server:
        ran = approve(server, "--yes")
    assert (ran.exit_code, ran.stdout, len(server.asked)) == (1, "", 1)
    assert "nothing was signed" in ran.stderr


def test_a_refusal_is_signed_as_one() -> None:
    with told({READ: Told(REQUEST), REVIEWS: SIGNED}) as server:
        ran = approve(server, "--refuse", "--reason", "too wide", "--yes", "--json")
    assert server.asked[1].body["decision"] == "refuse"
    assert json.loads(ran.stdout)["state"] == "approved"
    assert "decision       refuse\n" in ran.stderr


@pytest.mark.parametrize("reason", ["step_up_required", "sign_in_used"])
def test_who_must_sign_in_anew_is_told_how(reason: str) -> None:
    challenge = Told({"detail": "This is not allowed.", "reasons": [reason]}, 403)
    with told({READ: Told(REQUEST), REVIEWS: challenge}) as server:
        ran = approve(server, "--yes")
    assert ran.exit_code == 1
    assert "guildhall dev token NAME --step-up" in ran.stderr


def test_another_refusal_keeps_its_own_words() -> None:
    stale = Told({"detail": "The model has changed.", "reasons": ["stale_content"]}, 409)
    with told({READ: Told(REQUEST), REVIEWS: stale}) as server:
        ran = approve(server, "--yes")
    assert (ran.exit_code, ran.stderr) == (1, "The model has changed. (stale_content)\n")


def test_a_request_is_withdrawn() -> None:
    with told({f"POST {ALL}/{ID}/withdraw": Told(None, 204)}) as server:
        ran = guildhall(server, "request", "withdraw", ID)
    assert (ran.exit_code, ran.stdout) == (0, "Withdrawn.\n")


def test_revoking_ends_the_grant_the_request_led_to() -> None:
    approved = Told({**REQUEST, "state": "approved", "grant_id": GRANT})
    with told({READ: [approved, Told(REQUEST)], f"DELETE /api/v1/grants/{GRANT}": Told(None, 204)}) as server:
        ran = guildhall(server, "request", "revoke", ID, "--reason", "over")
        none = guildhall(server, "request", "revoke", ID, "--reason", "over")
    assert (ran.exit_code, server.asked[1].body) == (0, {"reason": "over"})
    assert (none.exit_code, none.stderr) == (1, "This request has led to no grant.\n")
