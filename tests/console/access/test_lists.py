"""Lists of requests and grants: whose they are, in which order, and page by page."""

from typing import Any
from uuid import UUID

import pytest

from console.access.grants import list_grants
from console.access.queries import RequestFilter, count_asked, list_requests, read_request
from console.errors import InvalidInputError
from policy.models import ChangeState
from sso.models import PlatformRole, RoleAssignment, Source

pytestmark = pytest.mark.slow  # each builds the whole console


async def ids(desk: Any, who: str, **params: Any) -> list[str]:
    response = await desk.get(who, "/access-requests", **params)
    assert response.status_code == 200, response.text
    return [item["id"] for item in response.json()["items"]]


async def test_a_list_awaits_the_answers_of_those_who_are_asked(desk: Any, work_as: Any) -> None:
    request = await desk.asked()
    assert await ids(desk, "owner", asked=True) == [request["id"]]
    assert await ids(desk, "reviewer", asked=True) == [request["id"]]
    assert await ids(desk, "member", asked=True) == []
    assert await ids(desk, "auditor", asked=True) == []
    await desk.answer("owner", request)
    assert await ids(desk, "owner", asked=True) == []
    assert [await count_asked(await work_as(who)) for who in ("owner", "reviewer", "member")] == [0, 1, 0]
    await desk.answer("reviewer", request)
    assert await ids(desk, "reviewer", asked=True) == []
    assert await ids(desk, "reviewer", state="approved") == [request["id"]]
    assert await ids(desk, "reviewer", state="pending") == []


async def test_pages_follow_each_other_without_repeats(desk: Any) -> None:
    asked: list[str] = []
    for _ in range(5):
        request = await desk.asked()
        asked.insert(0, request["id"])
        await desk.call("member", "POST", f"/access-requests/{request['id']}/withdraw")
    seen: list[str] = []
    after: str | None = ""
    while after is not None:
        page = (await desk.get("auditor", "/access-requests", limit=2, after=after)).json()
        seen += [item["id"] for item in page["items"]]
        after = page["next"]
    assert seen == asked


async def test_a_page_marker_that_is_none_is_refused(desk: Any, work_as: Any) -> None:
    assert (await desk.get("member", "/access-requests", after="!")).status_code == 422
    with pytest.raises(InvalidInputError):
        await list_requests(await work_as("member"), RequestFilter(), ("no id",))
    assert (await desk.get("member", "/access-requests", state="nonsense")).status_code == 422


async def test_own_requests_are_a_filter_of_their_own(desk: Any, work_as: Any) -> None:
    request = await desk.asked()
    own = await list_requests(await work_as("member"), RequestFilter(ChangeState.PENDING, own=True))
    assert [str(item.id) for item in own.items] == [request["id"]]
    others = await list_requests(await work_as("reviewer"), RequestFilter(own=True))
    assert list(others.items) == []


@pytest.mark.parametrize(("scope", "sees"), [('["risk"]', True), ('["vision"]', False), ("[]", False)])
@pytest.mark.parametrize("role", [PlatformRole.AUDITOR, PlatformRole.REVIEWER])
async def test_a_role_with_a_scope_sees_its_teams_only(
    desk: Any, admit: Any, role: PlatformRole, scope: str, sees: bool
) -> None:
    person = await admit("admin", ())
    async with desk.services.database.write() as session:
        session.add(RoleAssignment(person_id=person.id, role=role, scope=scope, managed_by=Source.MANUAL))
    answer = await desk.approved()
    assert (await ids(desk, "admin") == [answer["id"]]) is sees
    read = await desk.get("admin", f"/access-requests/{answer['id']}")
    assert read.status_code == (200 if sees else 404)


async def test_grants_say_whether_they_count(desk: Any, work_as: Any, clock: Any) -> None:
    await desk.approved()
    [grant] = (await list_grants(await work_as("owner"), active=True)).items
    assert (grant.route, grant.owner_team, grant.principal) == ("risk.credit-default", "risk", "retail")
    clock.forward(30 * 86_400)
    assert list((await list_grants(await work_as("owner"), active=True)).items) == []
    [ended] = (await list_grants(await work_as("owner"))).items
    assert ended.state == "ended"
    tried = await desk.call("owner", "DELETE", f"/grants/{ended.id}", json={"reason": "late"})
    assert tried.status_code == 409


async def test_a_request_on_a_hidden_route_is_read_by_its_owner(desk: Any, admit: Any, work_as: Any) -> None:
    await admit("member", ("retail", "health-owners"))
    request = await desk.asked(route="health.tumour-screen")
    assert await ids(desk, "owner", asked=True) == [request["id"]]
    read = await read_request(await work_as("owner"), UUID(request["id"]))
    assert (read.route, read.asked) == ("health.tumour-screen", True)
