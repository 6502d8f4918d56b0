"""Steps 1, 2, 3 and 6 of the golden path over HTTP, without the gateway; also what is recorded of them."""

from typing import Any
from uuid import UUID

import pytest

from console.catalog.facts import covering_grants
from console.unexplained.comparison import Comparison
from policy.models import Change, ChangeState

pytestmark = pytest.mark.slow  # each builds the whole console


async def access(desk: Any) -> str:
    items = (await desk.get("member", "/routes", q="credit")).json()["items"]
    assert [(item["name"], item["visibility"]) for item in items] == [("risk.credit-default", "listed")]
    return str(items[0]["access"])


async def test_from_a_request_to_a_grant_and_its_end(desk: Any) -> None:
    assert await access(desk) == "none"
    request = await desk.asked()
    assert request["state"] == "pending"
    assert request["required"] == [{"group": "owner:risk", "count": 1}, {"group": "reviewer", "count": 1}]
    assert await access(desk) == "pending"

    own = await desk.answer("member", request)
    assert (own.status_code, own.json()["reasons"]) == (403, ["requester_may_not_decide"])
    weak = await desk.answer("owner", request, step_up=False)
    assert weak.status_code == 403
    challenge = weak.headers["www-authenticate"]
    assert 'error="insufficient_user_authentication"' in challenge
    assert 'acr_values="dev-2", max_age="300"' in challenge
    stale = await desk.answer("owner", request, content_hash="0" * 64)
    assert (stale.status_code, stale.json()["reasons"]) == (409, ["stale_content"])

    first = await desk.answer("owner", request)
    assert (first.status_code, first.json()["state"], first.json()["grant_id"]) == (201, "pending", None)
    second = await desk.answer("reviewer", request)
    assert (second.status_code, second.json()["state"]) == (201, "approved")
    grant_id = second.json()["grant_id"]
    assert await access(desk) == "granted"

    grants = (await desk.get("owner", "/grants")).json()["items"]
    assert [(grant["id"], grant["principal"], grant["state"]) for grant in grants] == [
        (grant_id, "retail", "active")
    ]
    revoked = await desk.call("owner", "DELETE", f"/grants/{grant_id}", json={"reason": "no longer needed"})
    assert revoked.status_code == 204, revoked.text
    assert await access(desk) == "none"

    done = [head for head in await desk.heads(request["id"]) if head["outcome"] == "success"]
    assert [head["action"] for head in done] == [
        "access_request.create",
        "access_request.review",
        "access_request.review",
        "grant.create",
        "grant.revoke",
    ]
    assert [head.get("grant") for head in done] == [None, None, None, grant_id, grant_id]
    assert all(head["state"] and head["decision"] for head in done)


async def test_requests_answers_and_grants_are_explained_by_their_acts(desk: Any, services: Any) -> None:
    await desk.approved()
    found = await Comparison(services).findings()
    assert {one.kind for one in found} & {"change", "review", "access_grant"} == set()


async def test_the_grant_is_the_teams_and_lasts_the_days_that_were_approved(
    desk: Any, services: Any, people: Any, catalog: Any, teams: Any
) -> None:
    answer = await desk.approved()
    async with services.database.read() as session:
        found = await covering_grants(session, people["member"].id, [catalog.credit.id])
    [(grant, document)] = found
    assert (str(grant.id), grant.principal_id) == (answer["grant_id"], teams["retail"])
    assert document["principal_id"] == "retail"
    assert grant.ends - grant.starts == 30 * 86_400_000_000


async def test_history_knows_the_change_its_reviews_and_the_grant_until_its_end(desk: Any) -> None:
    answer = await desk.approved()
    changes, reviews = await desk.history("change"), await desk.history("review")
    [grant] = await desk.history("access_grant")
    assert len(changes) == 3
    assert len(reviews) == 2
    assert str(grant.row_id) == answer["grant_id"]
    assert grant.valid_to - grant.valid_from == 30 * 86_400_000_000
    await desk.call("owner", "DELETE", f"/grants/{answer['grant_id']}", json={"reason": "over"})
    [_, gone] = await desk.history("access_grant")
    assert gone.row is None


async def test_no_free_text_or_name_reaches_heads_or_history(desk: Any) -> None:
    request = await desk.asked(purpose="Ada wants it")
    await desk.answer("owner", request, meaning="Bea says so", reason="Cem asked")
    kept = [version.row for kind in ("change", "review") for version in await desk.history(kind)]
    text = f"{await desk.heads(request['id'])} {kept}"
    assert not any(name in text for name in ("Ada", "Bea", "Cem"))


async def test_reviewers_read_what_they_sign(desk: Any) -> None:
    request = await desk.asked()
    await desk.answer("owner", request, meaning="As owner of risk", reason="fits the card")
    read = (await desk.get("reviewer", f"/access-requests/{request['id']}")).json()
    assert read["content_hash"] == request["content_hash"]
    assert (read["content"]["purpose"], read["content"]["title"]) == (
        "Score applications of small shops",
        "Credit default",
    )
    assert read["missing"] == [{"group": "reviewer", "count": 1}]
    assert (read["asked"], read["own"], read["stale"]) == (True, False, False)
    assert read["requester"]["handle"] == "member"
    [review] = read["reviews"]
    assert (review["reviewer"]["handle"], review["meaning"], review["groups"]) == (
        "owner",
        "As owner of risk",
        ["owner:risk"],
    )


async def test_a_refusal_ends_the_request_and_says_why(desk: Any) -> None:
    request = await desk.asked()
    silent = await desk.answer("owner", request, decision="refuse")
    assert silent.status_code == 422
    refused = await desk.answer("owner", request, decision="refuse", reason="use the other model")
    assert (refused.status_code, refused.json()["state"]) == (201, "refused")
    late = await desk.answer("reviewer", request)
    assert (late.status_code, late.json()["reasons"]) == (409, ["change_closed"])
    assert await access(desk) == "none"


async def test_the_requester_withdraws_once(desk: Any) -> None:
    request = await desk.asked()
    path = f"/access-requests/{request['id']}/withdraw"
    other = await desk.call("owner", "POST", path)
    assert (other.status_code, other.json()["reasons"]) == (403, ["only_requester_may_withdraw"])
    assert (await desk.call("member", "POST", path)).status_code == 204
    assert (await desk.call("member", "POST", path)).status_code == 409
    assert (await desk.get("member", f"/access-requests/{request['id']}")).json()["state"] == "withdrawn"
    assert (await desk.ask()).status_code == 201


async def test_one_pending_request_per_person_route_and_team(desk: Any) -> None:
    await desk.asked()
    again = await desk.ask()
    assert (again.status_code, again.json()["reasons"]) == (409, ["already_pending"])


async def test_a_request_nobody_answers_expires_after_thirty_days(
    desk: Any, clock: Any, services: Any
) -> None:
    request = await desk.asked()
    clock.forward(30 * 86_400)
    assert (await desk.get("member", f"/access-requests/{request['id']}")).json()["state"] == "expired"
    late = await desk.answer("owner", request)
    assert (late.status_code, late.json()["reasons"]) == (409, ["change_closed"])
    assert (await desk.get("member", "/access-requests", state="pending")).json()["items"] == []
    assert len((await desk.get("member", "/access-requests", state="expired")).json()["items"]) == 1
    assert (await desk.ask()).status_code == 201
    async with services.database.read() as session:
        assert (await session.get_one(Change, UUID(request["id"]))).state is ChangeState.PENDING
