"""Holds, retentions, erasures and changes from the command line: what is sent, shown and signed."""

from typing import Any

import pytest
from click.testing import Result

from policy.canonical import content_hash
from tests.cli.test_catalog import guildhall
from tests.cli.told import Told, ToldServer, told

ID = "0198c1a2-7c3e-7b11-9d52-4f0a6f1f2e3d"
CONTENT = {"kind": "retention", "name": "invoke", "days": 200, "days_now": None, "reason": "Because"}
CHANGE: dict[str, Any] = {
    "id": ID,
    "state": "pending",
    "sentence": "Keep the details of calls for 200 days",
    "asked": True,
    "created": "t",
    "content": CONTENT,
    "content_hash": content_hash(CONTENT),
    "consequences": [{"label": "At once", "text": "The details of no entries go."}],
}
READ = f"GET /api/v1/changes/{ID}"
REVIEWS = f"POST /api/v1/changes/{ID}/reviews"
CREATED = Told({"id": ID, "state": "pending"}, 201)
SIGNED = Told({"id": ID, "state": "approved", "review_id": "2"}, 201)


@pytest.mark.parametrize(
    ("words", "path", "body"),
    [
        (("retention", "set", "invoke", "200"), "retention", {"name": "invoke", "days": 200}),
        (("erase", "member"), "erasures", {"person": "member"}),
        (("hold", "release", ID), f"holds/{ID}/release", {}),
    ],
)
def test_asking_leaves_the_change_alone_on_stdout(
    words: tuple[str, ...], path: str, body: dict[str, Any]
) -> None:
    with told({f"POST /api/v1/{path}": CREATED}) as server:
        ran = guildhall(server, *words, "--reason", "Because")
    assert (ran.exit_code, ran.stdout) == (0, f"{ID}\n")
    assert "signed by a reviewer" in ran.stderr
    assert server.asked[0].body == {**body, "reason": "Because"}


def test_a_hold_sends_only_the_conditions_that_were_given() -> None:
    made = Told({"id": ID, "covers": "acts of someone"}, 201)
    with told({"POST /api/v1/holds": made}) as server:
        ran = guildhall(
            server, "hold", "create", "--actor", "member", "--since", "2026-05-04", "--reason", "Case 9"
        )
    assert (ran.stdout, ran.stderr) == (f"{ID}\n", "Held: acts of someone.\n")
    assert server.asked[0].body == {"actor": "member", "since": "2026-05-04", "reason": "Case 9"}


def answer(server: ToldServer, *words: str) -> Result:
    return guildhall(server, "change", *words)


def test_what_is_signed_and_what_it_does_are_shown_first() -> None:
    with told({READ: Told(CHANGE), REVIEWS: SIGNED}) as server:
        ran = answer(server, "approve", ID, "--meaning", "It may go", "--yes")
    assert ran.exit_code == 0
    assert "At once: The details of no entries go." in ran.stdout
    assert ran.stdout.splitlines()[-1] == "Signed. The change is approved."
    assert server.asked[-1].body == {
        "decision": "approve", "meaning": "It may go", "reason": "", "content_hash": CHANGE["content_hash"]
    }  # fmt: skip


def test_nothing_is_signed_that_was_not_shown() -> None:
    with told({READ: Told({**CHANGE, "content_hash": "0" * 64}), REVIEWS: SIGNED}) as server:
        ran = answer(server, "approve", ID, "--meaning", "It may go", "--yes")
    assert (ran.exit_code, len(server.asked)) == (1, 1)
    assert "nothing was signed" in ran.stderr


def test_a_refusal_says_why() -> None:
    refused = Told({"id": ID, "state": "refused", "review_id": "2"}, 201)
    with told({READ: Told(CHANGE), REVIEWS: refused}) as server:
        ran = answer(server, "refuse", ID, "--reason", "Too early", "--yes")
    assert ran.stdout.splitlines()[-1] == "Signed. The change is refused."
    assert server.asked[-1].body["decision"] == "refuse"


def test_lists_are_read_to_the_end() -> None:
    both = [Told({"items": [CHANGE], "next": "k"}), Told({"items": [CHANGE], "next": None})]
    with told({"GET /api/v1/changes": both}) as server:
        ran = answer(server, "list", "--state", "pending")
    assert [asked.query for asked in server.asked] == [
        {"state": "pending"},
        {"state": "pending", "after": "k"},
    ]
    assert len(ran.stdout.splitlines()) == 3
