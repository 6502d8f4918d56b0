"""A stale approval is answered anew by just those whose answers it takes, on both databases."""

import json
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import select

from console.campaigns.reapproval import KINDS
from console.models import GrantUse, Model
from policy.grants import MICROSECONDS_A_DAY
from tests.console.campaigns.conftest import Reviews
from tests.console.catalog.both import settings  # noqa: F401 - both databases
from tests.console.visitor import visit

pytestmark = pytest.mark.slow  # each builds an installation


async def alter(reviews: Reviews, **changes: Any) -> None:
    """Let the model be another than was approved, and the worker look."""
    async with reviews.desk.services.database.write() as session:
        for row in await session.exec(select(Model).where(Model.name == "credit-default")):
            for name, value in changes.items():
                setattr(row, name, value)
            session.add(row)
    await reviews.work()


def card(limits: str) -> str:
    return json.dumps({"limits": limits})


async def again(reviews: Reviews, who: str, granted: dict[str, Any], status: int = 201) -> dict[str, Any]:
    sent = await reviews.desk.call(who, "POST", f"/access-requests/{granted['id']}/reapproval")
    assert sent.status_code == status, sent.text
    return sent.json()  # type: ignore[no-any-return]


async def answer(reviews: Reviews, who: str, change: dict[str, Any]) -> Any:
    body = {"decision": "approve", "meaning": "I read it again", "content_hash": change["content_hash"]}
    return await reviews.desk.call(who, "POST", f"/changes/{change['id']}/reviews", json=body, step_up=True)


async def read(reviews: Reviews, who: str, granted: dict[str, Any]) -> dict[str, Any]:
    return (await reviews.desk.get(who, f"/access-requests/{granted['id']}")).json()  # type: ignore[no-any-return]


async def test_everybody_who_approved_answers_anew_and_the_notice_goes(reviews: Reviews) -> None:
    granted = await reviews.desk.approved()
    await alter(reviews, card=card("Not for small shops."))
    told = {
        who: (await read(reviews, who, granted))["again"]
        for who in ("owner", "reviewer", "member", "auditor")
    }
    assert told == {"owner": True, "reviewer": True, "member": False, "auditor": False}
    change = await again(reviews, "owner", granted)
    assert [one["group"] for one in change["required"]] == ["owner:risk", "reviewer"]
    assert (change["content"]["changed"], change["asked"]) == (["card:limits"], True)
    assert (await again(reviews, "reviewer", granted))["id"] == change["id"]
    assert (await answer(reviews, "owner", change)).json()["state"] == "pending"
    assert (await read(reviews, "owner", granted))["changed"] == ["limits on the card"]
    assert (await answer(reviews, "reviewer", change)).json()["state"] == "approved"
    after = await read(reviews, "owner", granted)
    assert (after["changed"], after["again"]) == ([], False)
    [act] = await reviews.acts("approval.confirm")
    assert (act["request"], act["grant"]) == (granted["id"], granted["grant_id"])
    await reviews.work()
    assert len(await reviews.acts("approval.stale")) == 1
    await again(reviews, "owner", granted, 409)


async def test_who_asked_and_who_is_not_asked_do_not_answer(reviews: Reviews, admit: Any) -> None:
    granted = await reviews.desk.approved()
    await alter(reviews, card=card("Not for small shops."))
    await again(reviews, "member", granted, 403)
    await again(reviews, "admin", granted, 404)
    await admit("auditor", ("guildhall-reviewers", "retail"))
    await again(reviews, "auditor", granted, 403)
    change = await again(reviews, "owner", granted)
    refused = await answer(reviews, "auditor", change)
    assert (refused.status_code, refused.json()["reasons"]) == (403, ["party_may_not_decide"])


async def test_of_another_owner_the_new_one_alone_answers(
    reviews: Reviews, teams: dict[str, UUID], admit: Any
) -> None:
    granted = await reviews.desk.approved()
    await alter(reviews, team_id=teams["health"])
    await admit("reviewer", ("guildhall-reviewers", "health-owners"))
    change = await again(reviews, "owner", granted)
    assert [one["group"] for one in change["required"]] == ["owner:health"]
    assert change["content"]["standing"] == ["reviewer"]
    refused = await answer(reviews, "reviewer", change)
    assert (refused.status_code, refused.json()["reasons"]) == (403, ["party_may_not_decide"])
    assert (await answer(reviews, "owner", change)).json()["state"] == "approved"
    assert (await read(reviews, "owner", granted))["changed"] == []


async def test_what_changes_again_is_asked_anew_and_answers_before_it_do_not_count(reviews: Reviews) -> None:
    granted = await reviews.desk.approved()
    await alter(reviews, card=card("Not for small shops."))
    first = await again(reviews, "owner", granted)
    assert (await answer(reviews, "owner", first)).status_code == 201
    await alter(reviews, card=card("Not for large shops."))
    late = await answer(reviews, "reviewer", first)
    assert (late.status_code, late.json()["reasons"]) == (409, ["stale_content"])
    second = await again(reviews, "reviewer", granted)
    assert second["id"] != first["id"]
    assert (await answer(reviews, "reviewer", second)).json()["state"] == "pending"
    assert (await answer(reviews, "owner", second)).json()["state"] == "approved"


async def test_calls_that_were_answered_for_are_not_told_again(reviews: Reviews) -> None:
    request = await reviews.desk.asked(monthly_calls=7)
    await reviews.desk.answer("owner", request)
    granted = (await reviews.desk.answer("reviewer", request)).json()
    services = reviews.desk.services
    async with services.database.write() as session:
        now, grant = services.clock(), UUID(granted["grant_id"])
        session.add(GrantUse(grant_id=grant, day=now // MICROSECONDS_A_DAY, calls=70, last=now))
    await reviews.work()
    change = await again(reviews, "owner", granted)
    assert change["content"]["calls"] == 70
    for who in ("owner", "reviewer"):
        assert (await answer(reviews, who, change)).status_code == 201
    await reviews.work()
    assert (await read(reviews, "owner", granted))["changed"] == []


async def test_the_notice_leads_to_just_that_answer_with_the_words_of_then(reviews: Reviews) -> None:
    granted = await reviews.desk.approved()
    await alter(reviews, card=card("Not for small shops."))
    owner = visit(reviews.desk.services)
    await owner.sign_in("owner", "/step-up")
    assert "Answer again" in (await owner.client.get(f"/requests/{granted['id']}")).text
    sent = await owner.client.post(f"/reviews/again/{granted['id']}", data={"_csrf": await owner.token()})
    address = sent.headers["location"]
    assert (address.startswith("/records/changes/"), address.endswith("#answer")) == (True, True)
    page = (await owner.client.get(address)).text
    assert 'value="I answer for this use"' in page
    assert "Limits on the card." in page
    member = visit(reviews.desk.services)
    await member.sign_in("member")
    assert "Answer again" not in (await member.client.get(f"/requests/{granted['id']}")).text


def test_a_right_to_call_takes_two_people_whatever_a_policy_says() -> None:
    [kind] = KINDS
    assert [kind.fewest({"standing": given}) for given in ([], ["reviewer"])] == [2, 1]
