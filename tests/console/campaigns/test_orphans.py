"""What nobody answers for is found, and given to somebody who does."""

from typing import Any

import pytest
from sqlmodel import col, select

from console.campaigns.orphans import count_orphans
from console.models import Model
from sso.models import Membership, Person, PersonState, TeamRole
from tests.console.access.conftest import Desk
from tests.console.campaigns.conftest import DAY, Reviews
from tests.console.catalog.both import settings  # noqa: F401 - both databases
from tests.console.custody.conftest import Office
from tests.console.visitor import visit

pytestmark = pytest.mark.slow  # each builds the whole console
TUMOUR = ("model", "health.tumour-screen", "health", "", "team_without_owner")
HEALTH = ("team", "health", "health", "", "team_without_owner")
RETAIL = ("team", "retail", "retail", "", "team_without_owner")
GIVE = "/orphans/models/health.tumour-screen/owner"
WHY = "Its team was dissolved"


@pytest.fixture(autouse=True)
async def dissolved(desk: Desk, teams: Any, people: Any) -> None:
    """Team health has lost its only owner; nobody ever owned retail."""
    await unown(desk, teams["health"])


async def unown(desk: Desk, team: Any) -> None:
    owners = select(Membership).where(col(Membership.role) == TeamRole.OWNER, col(Membership.team_id) == team)
    async with desk.services.database.write() as session:
        for row in await session.exec(owners):
            await session.delete(row)


async def orphans(desk: Desk, who: str = "admin", **params: Any) -> list[tuple[str, ...]]:
    found = await desk.get(who, "/orphans", **params)
    assert found.status_code == 200, found.text
    named = ("kind", "name", "team", "holder", "reason")
    return [tuple(item[name] for name in named) for item in found.json()["items"]]


async def disable(desk: Desk, people: Any, who: str) -> None:
    async with desk.services.database.write() as session:
        person = await session.get_one(Person, people[who].id)
        person.state = PersonState.DISABLED
        session.add(person)


async def test_only_what_a_caller_could_review_is_shown(desk: Desk) -> None:
    assert await orphans(desk) == await orphans(desk, "reviewer") == [TUMOUR, HEALTH]
    assert await orphans(desk, "owner") == await orphans(desk, "member") == []


async def test_an_owner_who_is_disabled_or_whose_role_ended_is_none(
    desk: Desk, people: Any, teams: Any
) -> None:
    credit = ("model", "risk.credit-default", "risk", "", "team_without_owner")
    risk = ("team", "risk", "risk", "", "team_without_owner")
    await disable(desk, people, "owner")
    assert {credit, risk} < set(await orphans(desk))
    async with desk.services.database.write() as session:
        person = await session.get_one(Person, people["owner"].id)
        person.state = PersonState.ACTIVE
        session.add(person)
    assert await orphans(desk) == [TUMOUR, HEALTH]
    await unown(desk, teams["risk"])
    assert {credit, risk} < set(await orphans(desk))


async def test_a_grant_whose_holders_are_gone_until_it_ends(
    reviews: Reviews, people: Any, work_as: Any
) -> None:
    await reviews.desk.approved()
    assert set(await orphans(reviews.desk)) == {TUMOUR, HEALTH, RETAIL}
    await disable(reviews.desk, people, "member")
    grant = ("grant", "risk.credit-default", "risk", "retail", "team_without_people")
    assert set(await orphans(reviews.desk)) == {grant, TUMOUR, HEALTH, RETAIL}
    assert await orphans(reviews.desk, "owner") == [grant]
    assert await count_orphans(await work_as("admin")) == 4
    first = (await reviews.desk.get("admin", "/orphans", limit=1)).json()
    rest = await orphans(reviews.desk, after=first["next"])
    assert (first["items"][0]["kind"], set(rest), len(rest)) == ("grant", {TUMOUR, HEALTH, RETAIL}, 3)
    reviews.clock.forward(31 * DAY)
    assert await orphans(reviews.desk) == [TUMOUR, HEALTH]


async def test_a_grant_of_a_service_whose_team_has_no_owner(desk: Desk, teams: Any, admit: Any) -> None:
    body = {"team": "risk", "name": "nightly", "purpose": "Scores at night"}
    account = (await desk.call("owner", "POST", "/service-accounts", json=body)).json()
    await admit("auditor", ("risk-owners",))
    request = await desk.asked("owner", team="risk", service=account["id"])
    assert (await desk.answer("auditor", request)).status_code == 201
    assert (await desk.answer("reviewer", request)).status_code == 201
    await unown(desk, teams["risk"])
    found = [one for one in await orphans(desk) if one[0] == "grant"]
    assert found == [("grant", "risk.credit-default", "risk", "risk.nightly", "service_without_owner")]


async def test_a_persons_own_grant_is_shown_once_they_left_the_team_it_was_asked_for(
    desk: Desk, teams: Any, people: Any
) -> None:
    request = await desk.asked("member", person="member")
    assert (await desk.answer("owner", request)).status_code == 201
    assert (await desk.answer("reviewer", request)).status_code == 201
    assert [one for one in await orphans(desk) if one[0] == "grant"] == []
    mine = select(Membership).where(col(Membership.person_id) == people["member"].id)
    async with desk.services.database.write() as session:
        for row in await session.exec(mine):
            await session.delete(row)
    grant = ("grant", "risk.credit-default", "risk", "member", "holder_left_team")
    assert await orphans(desk, "owner") == [grant]
    assert grant in await orphans(desk, "reviewer")


async def test_a_model_is_given_to_a_team_with_an_owner_by_two_people(desk: Desk, teams: Any) -> None:
    office = Office(desk.client, desk.token_for, desk.services)
    asked = await office.call("admin", "POST", GIVE, json={"team": "risk", "reason": WHY})
    assert (asked.status_code, asked.json()["state"]) == (202, "pending")
    change = asked.json()["change"]
    own = await office.answer("admin", change)
    assert (own.status_code, own.json()["reasons"]) == (403, ["requester_may_not_decide"])
    await office.approve(change)
    async with desk.services.database.read() as session:
        model = (await session.exec(select(Model).where(col(Model.name) == "tumour-screen"))).one()
    assert model.team_id == teams["risk"]
    assert await orphans(desk) == []
    assert await office.acts(change) == ["change.create", "change.review", "model.update", "change.execute"]


async def test_what_is_not_given(desk: Desk) -> None:
    office = Office(desk.client, desk.token_for, desk.services)
    owned = "/orphans/models/risk.credit-default/owner"
    assert await office.refused("admin", owned, team="risk") == (409, ["team_has_owner"])
    assert await office.refused("admin", GIVE, team="retail") == (422, ["team_without_owner"])
    assert await office.refused("owner", GIVE, team="risk") == (404, ["not_found"])
    assert (await office.refused("reviewer", GIVE, team="risk"))[0] == 403


async def test_the_first_page_leads_to_them_and_the_page_asks(desk: Desk) -> None:
    visitor = visit(desk.services)
    await visitor.sign_in("admin")
    assert "2 teams, models and grants have nobody left" in (await visitor.client.get("/")).text
    shown = (await visitor.client.get("/reviews/orphans")).text
    assert 'href="/people/teams/health"' in shown
    sent = {"_csrf": await visitor.token(), "model": "health.tumour-screen", "team": "risk", "reason": "no"}
    wrong = await visitor.client.post("/reviews/orphans", data=sent)
    assert (wrong.status_code, "Write at least 3 characters." in wrong.text) == (422, True)
    done = await visitor.client.post("/reviews/orphans", data=sent | {"reason": WHY})
    assert done.headers["location"].startswith("/records/changes/")
