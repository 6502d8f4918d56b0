"""Access for one service account of a team: asked for by the team's owner, granted to it alone."""

from typing import Any
from uuid import UUID

import pytest
from sqlmodel import col, select

from console.services import Services
from console.unexplained.comparison import Comparison
from policy.canonical import content_hash
from policy.models import Grant, PrincipalType
from sso.models import Membership, ServiceAccount, TeamRole

pytestmark = pytest.mark.slow  # each builds the whole console


@pytest.fixture
async def account(desk: Any, services: Services, people: Any, teams: Any) -> dict[str, Any]:
    """A service account of team retail, which the member owns from now on."""
    await own_retail(services, people["member"].id, teams["retail"])
    body = {"team": "retail", "name": "nightly", "purpose": "Scores the day's applications"}
    made = await desk.call("member", "POST", "/service-accounts", json=body)
    assert made.status_code == 201, made.text
    return made.json()  # type: ignore[no-any-return]


async def own_retail(services: Services, person_id: UUID, team_id: UUID) -> None:
    async with services.database.write() as session:
        held = (col(Membership.person_id) == person_id, col(Membership.team_id) == team_id)
        row = (await session.exec(select(Membership).where(*held))).one()
        row.role = TeamRole.OWNER
        session.add(row)


async def approved(desk: Any, account: dict[str, Any]) -> dict[str, Any]:
    request = await desk.asked(service=account["id"])
    assert (await desk.answer("owner", request)).status_code == 201
    return (await desk.answer("reviewer", request)).json()  # type: ignore[no-any-return]


async def disable(desk: Any, account: dict[str, Any]) -> None:
    path = f"/service-accounts/{account['id']}/disable"
    assert (await desk.call("member", "POST", path, json={"reason": "replaced"})).status_code == 204


async def grant_of(services: Services, grant_id: str) -> Grant:
    async with services.database.read() as session:
        return await session.get_one(Grant, UUID(grant_id))


async def test_what_reviewers_sign_names_the_service_account(desk: Any, account: dict[str, Any]) -> None:
    request = await desk.asked(service=account["id"])
    shown = (await desk.get("owner", f"/access-requests/{request['id']}")).json()
    assert shown["content"]["service"] == {"id": account["id"], "name": "retail.nightly"}
    assert (shown["service"], shown["stale_because"]) == ("retail.nightly", None)
    assert content_hash(shown["content"]) == request["content_hash"]


async def test_the_grant_is_the_service_accounts_alone(
    desk: Any, account: dict[str, Any], services: Services
) -> None:
    answer = await approved(desk, account)
    grant = await grant_of(services, answer["grant_id"])
    assert (grant.principal_type, str(grant.principal_id)) == (PrincipalType.SERVICE, account["id"])
    listed = (await desk.get("owner", "/grants")).json()["items"]
    assert [(one["principal_type"], one["principal"]) for one in listed] == [("service", "retail.nightly")]
    routes = (await desk.get("member", "/routes", q="credit")).json()["items"]
    assert [one["access"] for one in routes] == ["none"]
    found = await Comparison(services).findings()
    assert {one.kind for one in found} & {"change", "review", "access_grant"} == set()


async def test_who_asked_decides_nothing(desk: Any, account: dict[str, Any]) -> None:
    own = await desk.answer("member", await desk.asked(service=account["id"]))
    assert (own.status_code, own.json()["reasons"]) == (403, ["requester_may_not_decide"])


async def test_a_member_who_owns_nothing_may_not_ask(
    desk: Any, account: dict[str, Any], services: Services
) -> None:
    async with services.database.write() as session:
        for row in await session.exec(select(Membership)):
            row.role = TeamRole.MEMBER
            session.add(row)
    refused = await desk.ask(service=account["id"])
    assert (refused.status_code, refused.json()["reasons"]) == (403, ["only_owner_asks_for_service"])
    assert (await desk.ask()).status_code == 201


async def test_a_service_account_of_others_or_a_disabled_one_is_none(
    desk: Any, account: dict[str, Any], people: Any
) -> None:
    body = {"team": "risk", "name": "nightly", "purpose": "Scores something else"}
    others = (await desk.call("owner", "POST", "/service-accounts", json=body)).json()
    await disable(desk, account)
    for service in (others["id"], account["id"], str(people["owner"].id)):
        refused = await desk.ask(service=service)
        assert (refused.status_code, refused.json()["reasons"]) == (422, ["not_a_service_of_the_team"])


async def test_for_the_team_and_for_its_service_account_are_two_requests(
    desk: Any, account: dict[str, Any]
) -> None:
    await desk.asked()
    await desk.asked(service=account["id"])
    assert (await desk.ask(service=account["id"])).json()["reasons"] == ["already_pending"]
    assert (await desk.ask()).json()["reasons"] == ["already_pending"]


@pytest.mark.parametrize("gone", ["disabled", "of another team"])
async def test_one_that_went_between_asking_and_approving_gets_nothing(
    desk: Any, account: dict[str, Any], services: Services, teams: Any, gone: str
) -> None:
    request = await desk.asked(service=account["id"])
    assert (await desk.answer("owner", request)).status_code == 201
    if gone == "disabled":
        await disable(desk, account)
    else:
        async with services.database.write() as session:
            row = await session.get_one(ServiceAccount, UUID(account["id"]))
            row.team_id = teams["health"]
            session.add(row)
    refused = await desk.answer("reviewer", request)
    assert (refused.status_code, refused.json()["reasons"]) == (409, ["stale_content"])
    shown = (await desk.get("reviewer", f"/access-requests/{request['id']}")).json()
    assert (shown["state"], shown["stale"], shown["grant_id"]) == ("pending", True, None)
    assert "service account" in shown["stale_because"]
    refusing = await desk.answer("reviewer", request, decision="refuse", reason="It is gone")
    assert refusing.json()["state"] == "refused"


async def test_its_grants_end_with_it(desk: Any, account: dict[str, Any], services: Services) -> None:
    answer = await approved(desk, account)
    await disable(desk, account)
    grant = await grant_of(services, answer["grant_id"])
    assert (grant.revoked_at is not None, grant.revoke_reason) == (True, "service_account_disabled")
