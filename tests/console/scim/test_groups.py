"""Groups: what rules and teams make of them, what nobody else keeps, and the forms directories send."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from console.people.forms import Preview
from console.people.previewing import preview
from console.people.rule_queries import list_rules
from console.services import Services
from console.sign_in.providers import dev_issuer
from sso.models import GroupsAs, MappingRule, RuleRole
from sso.principal import Principal
from tests.console.conftest import START, WorkAs
from tests.console.scim.conftest import Directory
from tests.console.visitor import heads

pytestmark = pytest.mark.slow


async def add_rule(services: Services, claim: str, value: str, team: UUID, role: RuleRole) -> None:
    rule = MappingRule(
        issuer=dev_issuer(services.settings), claim=claim, value=value, team_id=team, role=role, created=START
    )
    async with services.database.write() as session:
        session.add(rule)


async def person_of(directory: Directory, subject: str) -> UUID:
    found = await directory.person(subject)
    assert found is not None
    return found.id


async def test_a_group_gives_what_a_rule_says_and_takes_it_away_again(
    directory: Directory, teams: dict[str, UUID]
) -> None:
    await add_rule(directory.services, "scim:group", "Risk Owners", teams["risk"], RuleRole.OWNER)
    ada, bob = await directory.user("ada", externalId="ada"), await directory.user("bob", externalId="bob")
    group = await directory.group("Risk Owners", ada)
    person = await person_of(directory, "ada")
    assert await directory.teams_of(person) == [("risk", "owner", "scim")]
    path = f"/Groups/{group['id']}"
    added = {"op": "Add", "path": "members", "value": [{"value": bob["id"]}]}
    removed = {"op": "Remove", "path": f'members[value eq "{ada["id"]}"]'}  # as Entra ID sends it
    answer = await directory.patch(path, added, removed)
    assert answer.status_code in (200, 204), answer.text
    assert await directory.teams_of(person) == []
    assert await directory.teams_of(await person_of(directory, "bob")) == [("risk", "owner", "scim")]
    # Renamed, the rule no longer means it.
    await directory.patch(path, {"op": "replace", "value": {"displayName": "Others"}})
    assert await directory.teams_of(await person_of(directory, "bob")) == []
    acts = [str(head["action"]) for head in await heads(directory.services)]
    assert acts[-2:] == ["membership.remove", "scim_group.update"]


async def test_a_value_list_in_a_removal_is_refused_and_empties_nothing(directory: Directory) -> None:
    ada, bob = await directory.user("ada", externalId="ada"), await directory.user("bob", externalId="bob")
    group = await directory.group("g", ada, bob)
    path = f"/Groups/{group['id']}"
    answer = await directory.patch(path, {"op": "remove", "path": "members", "value": [{"value": ada["id"]}]})
    assert answer.status_code == 400
    assert len((await directory.client.get(path)).json()["members"]) == 2


async def test_a_directory_removes_nobody_elses_rows(
    directory: Directory, people: dict[str, Principal], teams: dict[str, UUID]
) -> None:
    await add_rule(directory.services, "scim:group-id", "g-1", teams["retail"], RuleRole.MEMBER)
    made = await directory.user("member", externalId="demo-member")
    group = await directory.group("Retail", made, externalId="g-1")
    member = people["member"].id
    assert await directory.teams_of(member) == [("retail", "member", "claim"), ("retail", "member", "scim")]
    assert (await directory.client.delete(f"/Groups/{group['id']}")).status_code == 204
    assert await directory.teams_of(member) == [("retail", "member", "claim")]


async def test_a_group_becomes_a_team_where_the_credential_says_so(
    connect: Callable[..., Any], teams: dict[str, UUID]
) -> None:
    directory: Directory = await connect(groups_as=GroupsAs.TEAMS)
    ada = await directory.user("ada", externalId="ada")
    group = await directory.group("Éditeurs & Co", ada)
    person = await person_of(directory, "ada")
    assert await directory.teams_of(person) == [("editeurs-co", "member", "scim")]
    # A team that was not made for a group is not taken over by one of its name.
    taken = await directory.client.post("/Groups", json={"displayName": "Risk"})
    assert (taken.status_code, "risk" in teams) == (409, True)
    await directory.client.delete(f"/Groups/{group['id']}")
    assert await directory.teams_of(person) == []
    await directory.group("Éditeurs & Co", ada)
    assert await directory.teams_of(person) == [("editeurs-co", "member", "scim")]


async def test_groups_in_groups_are_refused(directory: Directory) -> None:
    inner = await directory.group("inner")
    body = {"displayName": "outer", "members": [{"value": inner["id"], "type": "Group"}]}
    assert (await directory.client.post("/Groups", json=body)).status_code == 400


async def test_many_members_cost_as_many_records_and_not_as_many_questions(
    directory: Directory, teams: dict[str, UUID]
) -> None:
    await add_rule(directory.services, "scim:group", "Everybody", teams["risk"], RuleRole.MEMBER)
    crowd = [await directory.user(f"one-{number}", externalId=f"one-{number}") for number in range(12)]
    asked = list[str]()
    engine = directory.services.database.engine.sync_engine
    sa.event.listen(engine, "before_cursor_execute", lambda *said: asked.append(said[2]))
    await directory.group("Everybody", *crowd)
    of_rights = [one for one in asked if one.startswith("SELECT") and "FROM membership" in one]
    assert len(of_rights) == 1, of_rights
    acts = [str(head["action"]) for head in await heads(directory.services)]
    assert acts[-13:] == [*["membership.create"] * 12, "scim_group.create"]


@pytest.mark.usefixtures("people")
async def test_a_rule_about_groups_counts_who_is_in_them_and_a_preview_says_what_they_give(
    directory: Directory, teams: dict[str, UUID], work_as: WorkAs
) -> None:
    services = directory.services
    for claim, value in (("scim:group", "Risk"), ("scim:group-id", "g-1"), ("scim:group", "Nobody's")):
        await add_rule(services, claim, value, teams["risk"], RuleRole.MEMBER)
    ada, bob = await directory.user("ada", externalId="ada"), await directory.user("bob", externalId="bob")
    await directory.group("Risk", ada, bob, externalId="g-1")
    work = await work_as("admin")
    listed = {one.value: one.matches for one in (await list_rules(work)).items}
    assert {name: listed[name] for name in ("Risk", "g-1", "Nobody's")} == {
        "Risk": 2,
        "g-1": 2,
        "Nobody's": 0,
    }
    person = str(await person_of(directory, "ada"))
    found = await preview(await work_as("admin"), Preview(person=person))
    assert sorted((one.team, one.claim, one.value) for one in found.gives) == [
        ("risk", "scim:group", "Risk"),
        ("risk", "scim:group-id", "g-1"),
    ]
