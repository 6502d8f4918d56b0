"""Attacks on approvals, by name: each must end in a refusal that changes nothing and is recorded."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlmodel import col, select

from console.access.queries import read_request
from console.access.reviewing import submit_reviews
from console.changes.forms import SignedReview
from console.errors import ConflictError, NotFoundError, RefusedError
from console.models import Model, Tier
from policy.models import Grant, Review, ReviewDecision
from sso.directory import principal_for
from sso.models import Identity, Person, PersonState

REVIEWER = ("guildhall-reviewers",)


async def rows(services: Any, table: Any) -> list[Any]:
    async with services.database.read() as session:
        return list(await session.exec(select(table)))


def refused(response: Any) -> tuple[int, list[str]]:
    return response.status_code, response.json()["reasons"]


async def test_case_61_author_approves_own_request_even_as_owner_and_reviewer(desk: Any, admit: Any) -> None:
    await admit("member", ("retail", "risk-owners", *REVIEWER))
    request = await desk.asked()
    assert refused(await desk.answer("member", request)) == (403, ["requester_may_not_decide"])
    [denied] = await desk.refusals(request["id"])
    assert denied["reasons"] == ["requester_may_not_decide"]
    assert await rows(desk.services, Review) == []


async def test_case_61_author_approves_through_a_second_identity_of_the_same_person(
    desk: Any, people: Any, work_as: Any, services: Any
) -> None:
    request = await desk.asked()
    twin = people["owner"].authentication
    async with services.database.write() as session:
        linked = Identity(issuer=twin.issuer, subject="second", person_id=people["member"].id)
        session.add(linked)
    work = await work_as("owner", stepped_up=True)
    async with services.database.read() as session:
        work.principal = await principal_for(session, twin.issuer, "second", work.principal.authentication)
    with pytest.raises(RefusedError) as caught:
        await submit_reviews(work, [signed(request)])
    assert caught.value.reasons == ("requester_may_not_decide",)


async def test_case_64_owner_and_reviewer_are_not_two_reviewers(desk: Any, admit: Any) -> None:
    request = await desk.asked()
    await admit("admin", REVIEWER)
    assert (await desk.answer("admin", request)).json()["state"] == "pending"
    second = await desk.answer("reviewer", request)
    assert (second.status_code, second.json()["state"]) == (201, "pending")
    read = (await desk.get("member", f"/access-requests/{request['id']}")).json()
    assert read["missing"] == [{"group": "owner:risk", "count": 1}]
    assert await rows(desk.services, Grant) == []


async def test_case_64_owner_who_is_also_reviewer_cannot_fill_both_slots(desk: Any, admit: Any) -> None:
    await admit("owner", ("risk-owners", *REVIEWER))
    request = await desk.asked()
    assert (await desk.answer("owner", request)).json()["state"] == "pending"
    assert refused(await desk.answer("owner", request)) == (409, ["already_reviewed"])
    assert (await desk.answer("reviewer", request)).json()["state"] == "approved"


async def test_case_62_approval_of_one_content_does_not_count_for_another(desk: Any) -> None:
    first = await desk.asked()
    withdrawn = await desk.call("member", "POST", f"/access-requests/{first['id']}/withdraw")
    assert withdrawn.status_code == 204
    second = await desk.asked(purpose="Score everybody, for any reason")
    crossed = await desk.answer("owner", second, content_hash=first["content_hash"])
    assert refused(crossed) == (409, ["stale_content"])
    assert await rows(desk.services, Review) == []


async def test_case_62_a_model_that_changed_needs_a_new_request(desk: Any, services: Any) -> None:
    request = await desk.asked()
    await desk.answer("owner", request)
    async with services.database.write() as session:
        model = (await session.exec(select(Model).where(col(Model.name) == "credit-default"))).one()
        model.tier = Tier.LOW
        session.add(model)
    assert (await desk.get("reviewer", f"/access-requests/{request['id']}")).json()["stale"] is True
    assert refused(await desk.answer("reviewer", request)) == (409, ["stale_content"])
    assert await rows(services, Grant) == []


async def test_case_63_reviewer_loses_the_role_between_approval_and_execution(desk: Any, admit: Any) -> None:
    request = await desk.asked()
    assert (await desk.answer("reviewer", request)).status_code == 201
    await admit("reviewer", ())
    second = await desk.answer("owner", request)
    assert (second.status_code, second.json()["state"]) == (201, "pending")
    assert await rows(desk.services, Grant) == []
    await admit("admin", REVIEWER)
    assert (await desk.answer("admin", request)).json()["state"] == "approved"


async def test_the_approval_of_somebody_disabled_since_counts_no_more(
    desk: Any, people: Any, services: Any
) -> None:
    request = await desk.asked()
    await desk.answer("reviewer", request)
    async with services.database.write() as session:
        person = await session.get_one(Person, people["reviewer"].id)
        person.state = PersonState.DISABLED
        session.add(person)
    assert (await desk.answer("owner", request)).json()["state"] == "pending"


@pytest.mark.parametrize("step_up", [False, True])
async def test_case_66_approve_without_step_up_or_by_an_old_one(desk: Any, clock: Any, step_up: bool) -> None:
    request = await desk.asked()
    token = desk.token_for("owner", step_up=step_up)
    clock.forward(301 if step_up else 0)
    answer = await desk.answer("owner", request, token=token)
    assert refused(answer) == (403, ["step_up_required"])
    assert answer.json()["obligations"] == [{"type": "step_up", "max_age": 300, "acr": ["dev-2"]}]
    assert 'error="insufficient_user_authentication"' in answer.headers["www-authenticate"]
    assert await rows(desk.services, Review) == []


async def test_rights_are_checked_before_step_up(desk: Any) -> None:
    request = await desk.asked()
    assert refused(await desk.answer("member", request, step_up=False))[1] == ["requester_may_not_decide"]
    asked = await desk.answer("auditor", request, step_up=False)
    assert refused(asked) == (403, ["not_asked_to_review"])
    assert "www-authenticate" not in asked.headers


async def test_one_sign_in_does_not_sign_two_submissions(desk: Any, admit: Any) -> None:
    await admit("auditor", ("retail",))
    first, second = await desk.asked(), await desk.asked("auditor")
    token = desk.token_for("owner", step_up=True)
    assert (await desk.answer("owner", first, token=token)).status_code == 201
    again = await desk.answer("owner", second, token=token)
    assert refused(again) == (403, ["sign_in_used"])
    assert 'error="insufficient_user_authentication"' in again.headers["www-authenticate"]
    [denied] = await desk.refusals(second["id"])
    assert denied["reasons"] == ["sign_in_used"]
    assert len(await rows(desk.services, Review)) == 1


async def test_a_stale_hash_does_not_spend_the_sign_in(desk: Any) -> None:
    request = await desk.asked()
    token = desk.token_for("owner", step_up=True)
    assert (await desk.answer("owner", request, token=token, content_hash="f" * 64)).status_code == 409
    assert (await desk.answer("owner", request, token=token)).status_code == 201


@pytest.mark.parametrize("extra", [{"approved": True}, {"id": 99}, {"state": "approved"}, {"role": "admin"}])
async def test_mass_assignment_is_refused(desk: Any, extra: dict[str, Any]) -> None:
    request = await desk.asked()
    assert (await desk.ask(**extra)).status_code == 422
    assert (await desk.answer("owner", request, **extra)).status_code == 422
    assert await rows(desk.services, Review) == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"purpose": "ab"},
        {"purpose": "  a  "},
        {"purpose": "x" * 501},
        {"duration_days": 0},
        {"duration_days": 366},
        {"duration_days": True},
        {"duration_days": 1.5},
    ],
)
async def test_requests_out_of_bounds_are_refused(desk: Any, wrong: dict[str, Any]) -> None:
    assert (await desk.ask(**wrong)).status_code == 422


async def test_nobody_asks_for_a_team_of_others_or_for_a_hidden_route(desk: Any) -> None:
    assert refused(await desk.ask(team="vision")) == (403, ["not_in_receiving_team"])
    assert refused(await desk.ask(team="no-such-team")) == (403, ["not_in_receiving_team"])
    hidden, absent = await desk.ask(route="health.tumour-screen"), await desk.ask(route="health.nothing")
    assert hidden.status_code == absent.status_code == 404
    assert hidden.json() == absent.json()


async def test_ids_of_other_teams_do_not_exist(desk: Any, admit: Any) -> None:
    answer = await desk.approved()
    open_request = await desk.asked()
    await admit("admin", ("vision-owners",))
    absent = await desk.get("admin", f"/access-requests/{uuid4()}")
    one = f"/access-requests/{open_request['id']}"
    seen = [
        await desk.get("admin", one),
        await desk.call("admin", "POST", f"{one}/withdraw"),
        await desk.answer("admin", open_request),
        await desk.call("admin", "DELETE", f"/grants/{answer['grant_id']}", json={"reason": "mine now"}),
        await desk.call("member", "DELETE", f"/grants/{answer['grant_id']}", json={"reason": "mine now"}),
    ]
    assert [response.status_code for response in seen] == [404] * 5
    assert all(response.json() == absent.json() for response in seen)


async def test_an_auditor_reads_a_grant_but_does_not_revoke_it(desk: Any) -> None:
    answer = await desk.approved()
    tried = await desk.call("auditor", "DELETE", f"/grants/{answer['grant_id']}", json={"reason": "tidy"})
    assert refused(tried) == (403, ["role_missing:owner"])


async def test_lists_leak_nothing(desk: Any, admit: Any) -> None:
    await desk.approved()
    await admit("admin", ("vision-owners", "retail"))
    assert (await desk.get("admin", "/access-requests")).json() == {"items": [], "next": None}
    assert (await desk.get("admin", "/grants")).json() == {"items": [], "next": None}
    assert (await desk.get("reviewer", "/grants")).json()["items"] == []
    assert len((await desk.get("member", "/access-requests")).json()["items"]) == 1
    assert len((await desk.get("auditor", "/access-requests")).json()["items"]) == 1
    assert len((await desk.get("auditor", "/grants")).json()["items"]) == 1


async def test_a_grant_is_revoked_once(desk: Any) -> None:
    answer = await desk.approved()
    path = f"/grants/{answer['grant_id']}"
    assert (await desk.call("owner", "DELETE", path, json={"reason": "over"})).status_code == 204
    again = await desk.call("owner", "DELETE", path, json={"reason": "over"})
    assert refused(again) == (409, ["grant_ended"])


async def test_without_a_credential_nothing_is_said(desk: Any) -> None:
    answers = [await desk.client.get("/access-requests"), await desk.client.get("/grants")]
    assert [answer.status_code for answer in answers] == [401, 401]


def signed(request: dict[str, Any], **changes: Any) -> SignedReview:
    given = {"id": request["id"], "decision": ReviewDecision.APPROVE, "meaning": "yes"}
    return SignedReview(**given | {"content_hash": request["content_hash"]} | changes)


async def test_a_list_counts_as_a_whole_or_not_at_all(desk: Any, admit: Any, work_as: Any) -> None:
    await admit("auditor", ("retail",))
    first, second = await desk.asked(), await desk.asked("auditor")
    work = await work_as("owner", stepped_up=True)
    with pytest.raises(ConflictError):
        await submit_reviews(work, [signed(first), signed(second, content_hash="0" * 64)])
    assert await rows(desk.services, Review) == []
    body = {"reviews": [signed(item).model_dump(mode="json") for item in (first, second)]}
    answer = await desk.call("owner", "POST", "/access-reviews", json=body, step_up=True)
    assert (answer.status_code, len(answer.json()["items"])) == (201, 2)
    heads = [await desk.heads(item["id"]) for item in (first, second)]
    decisions = {head["decision"] for found in heads for head in found if head["action"].endswith("review")}
    assert len(decisions) == 2


async def test_a_list_is_short_and_names_each_request_once(desk: Any) -> None:
    request = await desk.asked()
    for count in (0, 2, 21):
        body = {"reviews": [signed(request).model_dump(mode="json")] * count}
        answer = await desk.call("owner", "POST", "/access-reviews", json=body, step_up=True)
        assert answer.status_code == 422


async def test_an_unknown_id_is_not_found_by_the_queries_either(work_as: Any, catalog: Any) -> None:
    work = await work_as("auditor")
    with pytest.raises(NotFoundError):
        await read_request(work, UUID(int=7))
