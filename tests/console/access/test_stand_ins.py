"""Deputies, second accounts and late answers, tried over HTTP: who stands in for whom, and who never does."""

from typing import Any

import pytest
from sqlmodel import col, select
from uuid_utils.compat import uuid7

from console.models import Model, Tier
from console.people.leaving import disable_person
from console.questions import Origin
from console.work import UnitOfWork
from policy.models import Change, Delegation, Grant, Review
from sso.models import IdentityLink
from sso.principal import system_principal
from tests.console.visitor import heads

pytestmark = pytest.mark.slow  # each builds an installation
REVIEWER = ("guildhall-reviewers",)


def refused(response: Any) -> tuple[int, list[str]]:
    return response.status_code, response.json()["reasons"]


async def deputise(desk: Any, of: str, to: str, **more: Any) -> str:
    """Let `of` name `to`, who accepts."""
    named = await desk.call(
        of, "POST", "/delegations", json={"deputy": to, "days": 5, "reason": "On leave"} | more
    )
    assert named.status_code == 201, named.text
    accepted = await desk.call(to, "POST", f"/delegations/{named.json()['id']}/accept")
    assert accepted.status_code == 204, accepted.text
    return str(named.json()["id"])


async def link(services: Any, one: Any, other: Any) -> None:
    async with services.database.write() as session:
        session.add(IdentityLink(person_id=one.id, other_id=other.id, change_id=uuid7(), created=1))


async def rows(services: Any, table: Any) -> list[Any]:
    async with services.database.read() as session:
        return list(await session.exec(select(table)))


async def test_case_61_another_account_of_the_requester_does_not_answer(
    desk: Any, admit: Any, people: Any
) -> None:
    await admit("admin", REVIEWER)
    request = await desk.asked()
    await link(desk.services, people["member"], people["admin"])
    assert refused(await desk.answer("admin", request)) == (403, ["requester_may_not_decide"])
    assert await rows(desk.services, Review) == []


async def test_case_61_two_accounts_of_one_reviewer_count_once(desk: Any, admit: Any, people: Any) -> None:
    await admit("admin", (*REVIEWER, "risk-owners"))
    request = await desk.asked()
    assert (await desk.answer("admin", request)).json()["state"] == "pending"
    await link(desk.services, people["reviewer"], people["admin"])
    assert refused(await desk.answer("reviewer", request)) == (409, ["already_reviewed"])
    assert await rows(desk.services, Grant) == []


async def test_case_61_accounts_linked_after_they_answered_count_once(
    desk: Any, admit: Any, people: Any
) -> None:
    await admit("admin", REVIEWER)
    await admit("member", ("retail",))
    request = await desk.asked()
    assert (await desk.answer("reviewer", request)).json()["state"] == "pending"
    await link(desk.services, people["reviewer"], people["owner"])
    assert refused(await desk.answer("owner", request)) == (409, ["already_reviewed"])


async def test_case_61_a_deputy_of_the_requester_does_not_answer(desk: Any) -> None:
    await deputise(desk, "member", "reviewer")
    request = await desk.asked()
    assert refused(await desk.answer("reviewer", request)) == (403, ["requester_may_not_decide"])


async def test_case_61_a_deputy_named_after_they_answered_counts_no_more(desk: Any) -> None:
    request = await desk.asked()
    assert (await desk.answer("reviewer", request)).status_code == 201
    await deputise(desk, "member", "reviewer")
    assert (await desk.answer("owner", request)).json()["state"] == "pending"
    assert await rows(desk.services, Grant) == []


async def test_case_61_who_is_named_and_has_not_accepted_still_answers(desk: Any) -> None:
    """Else a requester could choose who answers by naming everybody else."""
    body = {"deputy": "reviewer", "days": 5, "reason": "On leave"}
    assert (await desk.call("member", "POST", "/delegations", json=body)).status_code == 201
    request = await desk.asked()
    assert (await desk.answer("reviewer", request)).status_code == 201


async def test_case_61_a_deputy_does_not_answer_their_own_request_for_another(desk: Any) -> None:
    await deputise(desk, "owner", "member")
    request = await desk.asked()
    assert refused(await desk.answer("member", request)) == (403, ["requester_may_not_decide"])


async def test_case_61_a_deputy_does_not_answer_what_their_delegator_asked(desk: Any, admit: Any) -> None:
    await admit("owner", ("risk-owners", "retail", *REVIEWER))
    await deputise(desk, "owner", "auditor")
    request = await desk.asked("owner")
    assert (await desk.answer("auditor", request)).status_code == 403
    assert await rows(desk.services, Review) == []


async def test_case_64_a_deputy_of_both_fills_one_place(desk: Any) -> None:
    await deputise(desk, "owner", "admin")
    await deputise(desk, "reviewer", "admin")
    request = await desk.asked()
    assert (await desk.answer("admin", request)).json()["state"] == "pending"
    assert refused(await desk.answer("admin", request)) == (409, ["already_reviewed"])


async def test_a_deputy_answers_in_the_groups_of_whom_they_stand_for(desk: Any, people: Any) -> None:
    await deputise(desk, "owner", "admin")
    request = await desk.asked()
    waiting = (await desk.get("admin", "/access-requests", asked=True)).json()["items"]
    assert [item["id"] for item in waiting] == [request["id"]]
    assert (await desk.answer("admin", request)).status_code == 201
    [review] = await rows(desk.services, Review)
    assert (review.reviewer_id, review.stands_for) == (people["admin"].id, people["owner"].id)
    assert review.groups == '["owner:risk"]'
    assert refused(await desk.answer("owner", request)) == (409, ["already_reviewed"])
    told = (await desk.get("member", f"/access-requests/{request['id']}")).json()
    assert told["reviews"][0]["stands_for"]["handle"] == "owner"
    assert (await desk.answer("reviewer", request)).json()["state"] == "approved"


async def test_case_63_a_deputy_counts_no_more_when_it_has_ended(desk: Any) -> None:
    named = await deputise(desk, "owner", "admin")
    request = await desk.asked()
    assert (await desk.answer("admin", request)).status_code == 201
    assert (await desk.call("owner", "DELETE", f"/delegations/{named}")).status_code == 204
    assert (await desk.answer("reviewer", request)).json()["state"] == "pending"
    assert (await desk.answer("owner", request)).json()["state"] == "approved"


async def test_case_63_a_deputy_counts_no_more_when_time_has_passed(desk: Any, clock: Any) -> None:
    await deputise(desk, "owner", "admin", days=1)
    request = await desk.asked()
    assert (await desk.answer("admin", request)).status_code == 201
    clock.forward(86_401)
    assert (await desk.answer("reviewer", request)).json()["state"] == "pending"


async def test_who_would_gain_does_not_answer(desk: Any, admit: Any) -> None:
    await admit("owner", ("risk-owners", "retail"))
    request = await desk.asked()
    assert refused(await desk.answer("owner", request)) == (403, ["party_may_not_decide"])


async def test_whoever_leaves_is_nobodys_deputy_and_has_none(desk: Any, people: Any, services: Any) -> None:
    await deputise(desk, "owner", "admin")
    work = UnitOfWork(services, system_principal("test"), Origin("test"))
    async with work.write() as session:
        assert await disable_person(work, session, people["owner"].id, "left")
    assert await rows(services, Delegation) == []
    request = await desk.asked()
    assert (await desk.answer("admin", request)).status_code == 404


async def test_past_its_time_a_further_group_answers(desk: Any, admit: Any, clock: Any) -> None:
    await let_reviewers_stand_in(desk.services)
    request = await desk.asked()
    await admit("admin", REVIEWER)
    assert (await desk.answer("reviewer", request)).json()["state"] == "pending"
    [listed] = (await desk.get("admin", "/access-requests")).json()["items"]
    assert listed["due"] is not None
    clock.forward(72 * 3600)
    assert (await desk.get("member", f"/access-requests/{request['id']}")).json()["overdue"] is True
    assert (await desk.answer("admin", request)).json()["state"] == "approved"


async def test_before_its_time_it_does_not(desk: Any, admit: Any, clock: Any) -> None:
    await let_reviewers_stand_in(desk.services)
    request = await desk.asked()
    await admit("admin", REVIEWER)
    await desk.answer("reviewer", request)
    clock.forward(71 * 3600)
    assert (await desk.answer("admin", request)).json()["state"] == "pending"


async def test_when_all_who_are_asked_are_away_others_answer_at_once(desk: Any, admit: Any) -> None:
    await let_reviewers_stand_in(desk.services)
    request = await desk.asked()
    body = {"days": 5, "away": True, "reason": "On leave"}
    assert (await desk.call("owner", "POST", "/delegations", json=body)).status_code == 201
    await admit("admin", REVIEWER)
    await desk.answer("reviewer", request)
    assert (await desk.answer("admin", request)).json()["state"] == "approved"


async def let_reviewers_stand_in(services: Any) -> None:
    """Make the model one of a medium tier, for which reviewers answer in the owner's stead after 72 hours."""
    async with services.database.write() as session:
        model = (await session.exec(select(Model).where(col(Model.name) == "credit-default"))).one()
        model.tier = Tier.MEDIUM
        session.add(model)


async def test_somebody_away_is_not_waited_for(desk: Any) -> None:
    await desk.asked()
    assert len((await desk.get("owner", "/access-requests", asked=True)).json()["items"]) == 1
    body = {"days": 5, "away": True, "reason": "On leave"}
    assert (await desk.call("owner", "POST", "/delegations", json=body)).status_code == 201
    assert (await desk.get("owner", "/access-requests", asked=True)).json()["items"] == []


async def test_each_act_is_recorded_and_others_hear_nothing(desk: Any, services: Any) -> None:
    named = await deputise(desk, "owner", "admin")
    mine = (await desk.get("admin", "/delegations")).json()["items"]
    assert [(one["person"]["handle"], one["state"], one["own"]) for one in mine] == [
        ("owner", "in force", False)
    ]
    assert (await desk.call("member", "DELETE", f"/delegations/{named}")).status_code == 404
    assert (await desk.call("member", "POST", f"/delegations/{named}/accept")).status_code == 404
    assert (await desk.call("admin", "DELETE", f"/delegations/{named}")).status_code == 204
    acts = [head["action"] for head in await heads(services) if str(head["action"]).startswith("delegation")]
    assert acts == ["delegation.create", "delegation.accept", "delegation.end"]


@pytest.mark.parametrize(("deputy", "reason"), [("owner", "own_deputy"), ("nobody", "unknown_person")])
async def test_not_everybody_can_be_a_deputy(desk: Any, deputy: str, reason: str) -> None:
    body = {"deputy": deputy, "days": 5, "reason": "On leave"}
    answer = await desk.call("owner", "POST", "/delegations", json=body)
    assert (answer.status_code, answer.json()["reasons"]) == (422, [reason])


async def test_case_69_what_has_ended_stays_to_be_read(desk: Any, clock: Any) -> None:
    request = await desk.asked()
    assert (await desk.answer("reviewer", request)).status_code == 201
    clock.forward(31 * 86_400)
    read = (await desk.get("member", f"/access-requests/{request['id']}")).json()
    assert (read["state"], len(read["reviews"])) == ("expired", 1)
    for path in (f"/access-requests/{request['id']}", f"/changes/{request['id']}"):
        assert (await desk.call("member", "DELETE", path, json={"reason": "Away with it"})).status_code == 405
    [kept] = await rows(desk.services, Change)
    assert kept.content_hash == request["content_hash"]
