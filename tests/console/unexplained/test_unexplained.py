"""What no recorded act explains is told once, and counts as absent from then on."""

from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlmodel import SQLModel, select
from uuid_utils.compat import uuid7

from audit.custody.holds import active_holds
from audit.events import Action
from audit.models import RowVersion, append_only_ddl, drop_append_only_ddl
from console.access.rows import revoked_grant_row
from console.alarms import read_alarms
from console.catalog.facts import covering_grants
from console.doctor import examine
from console.models import Model, Route, RouteTarget, UnexplainedRow, Visibility
from console.unexplained.watch import Watch
from policy.models import Change, Grant
from sso.directory import principal_for, rights_of
from sso.models import (
    Identity,
    MappingRule,
    Membership,
    Person,
    PlatformRole,
    RoleAssignment,
    Source,
    Team,
    TeamRole,
)
from sso.principal import Authentication
from tests.console.unexplained.conftest import Place, a_grant, a_hold, system
from tests.console.visitor import visit

pytestmark = pytest.mark.slow


def rows(table: type[SQLModel]) -> sa.Table:
    found = sa.inspect(table).local_table
    assert isinstance(found, sa.Table)
    return found


def insert(row: SQLModel) -> sa.Insert:
    return rows(type(row)).insert().values(**row.model_dump())


async def grants_of(place: Place, handle: str) -> list[UUID]:
    async with place.services.database.read() as session:
        return [grant.id for grant, _ in await covering_grants(session, place.people[handle].id)]


async def test_everything_that_came_by_an_act_is_explained(place: Place) -> None:
    assert await place.look() == 0
    await place.grant()
    assert await place.look() == 0, "what waits in the outbox explains its rows"
    await place.drain()
    assert await Watch(place.services).look() == 0, "and so does what a new worker reads in the log"
    assert await place.told() == []


async def test_an_inserted_grant_is_told_once_and_gives_nothing(place: Place) -> None:
    change, grant = a_grant(place.people["member"].id, place.route.id)
    await place.do(insert(change), insert(grant))
    assert await grants_of(place, "member") == [grant.id], "nobody has looked yet"
    assert await place.look() == 2
    assert await place.look() == 0
    assert sorted(await place.told()) == [
        ("access_grant", ["row_without_event"]),
        ("change", ["row_without_event"]),
    ]
    assert await grants_of(place, "member") == []
    async with place.services.database.read() as session:
        assert await session.get(Grant, grant.id) is None
        assert (await session.exec(select(sa.func.count()).select_from(Change))).one() == 0


async def test_an_inserted_role_gives_nothing(place: Place) -> None:
    member = place.people["member"].id
    role = RoleAssignment(person_id=member, role=PlatformRole.ADMIN, scope="all", managed_by=Source.MANUAL)
    team = (await place.read(Team))[0]
    seat = Membership(person_id=member, team_id=team.id, role=TeamRole.OWNER, managed_by=Source.MANUAL)
    async with place.services.database.read() as session:
        before = await rights_of(session, member)
    await place.do(insert(role), insert(seat))
    assert await place.look() == 2
    async with place.services.database.read() as session:
        assert await rights_of(session, member) == before


@pytest.mark.parametrize(
    ("table", "change", "kind"),
    [
        (Membership, {"role": "owner"}, "membership"),
        (RoleAssignment, {"scope": '["risk"]'}, "role_assignment"),
        (MappingRule, {"role": "admin", "team_id": None}, "mapping_rule"),
        (Model, {"visibility": Visibility.SHARED}, "model"),
        (Person, {"state": "disabled"}, "person"),
        (Identity, {"subject": "somebody-else"}, "identity"),
        (Route, {"model_id": None}, "route"),
        (RouteTarget, {"weight": 1}, "route_target"),
        (Team, {"name": "renamed"}, "team"),
    ],
)
async def test_a_changed_row_counts_as_absent(
    place: Place, table: type[Any], change: dict[str, object], kind: str
) -> None:
    chosen = (await place.read(table))[0]
    if kind == "route":
        twin = (await place.read(Model))[0]
        other = uuid7()
        await place.do(insert(twin.model_copy(update={"id": other, "name": "twin"})))
        change = {"model_id": other}
    await place.do(rows(table).update().where(rows(table).c.id == chosen.id).values(**change))
    await place.look()
    assert (kind, "row_differs") in await place.found()
    assert chosen.id not in {row.id for row in await place.read(table)}


async def test_whoever_takes_over_an_identity_is_nobody(place: Place) -> None:
    admin = place.people["admin"].authentication
    await place.do(
        rows(Identity).update().where(rows(Identity).c.subject == admin.subject).values(subject="mine")
    )
    await place.look()
    proof = Authentication(method="bearer", issuer=admin.issuer, subject="mine")
    async with place.services.database.read() as session:
        assert await principal_for(session, admin.issuer, "mine", proof) is None


async def test_a_deleted_row_is_told(place: Place) -> None:
    chosen = (await place.read(RoleAssignment))[0]
    grant = await place.grant()
    await place.do(
        rows(RoleAssignment).delete().where(rows(RoleAssignment).c.id == chosen.id),
        rows(Grant).delete().where(rows(Grant).c.id == grant.id),
    )
    assert await place.look() == 2
    assert await place.found() == {
        ("role_assignment", "event_without_row"),
        ("access_grant", "event_without_row"),
    }


async def test_a_revocation_undone_by_hand_gives_nothing_back(place: Place) -> None:
    grant = await place.grant()
    work = system(place.services)
    async with work.write() as session:
        kept = await session.get_one(Grant, grant.id)
        kept.revoked_at = work.now
        session.add(kept)
        await work.record(Action.GRANT_REVOKE, rows=[revoked_grant_row(kept, work.now)])
    assert await place.look() == 0
    await place.do(rows(Grant).update().values(revoked_at=None))
    assert await place.look() == 1
    assert await place.found() == {("access_grant", "row_without_event")}
    assert await grants_of(place, "member") == []


async def test_history_made_up_or_taken_away_explains_nothing(place: Place) -> None:
    change, grant = a_grant(place.people["member"].id, place.route.id)
    versions, dialect = rows(RowVersion), place.services.database.engine.dialect.name
    kept = (await place.read(RowVersion))[-1].model_dump()
    forged = kept | {"sequence": 10_000, "kind": "access_grant", "row_id": grant.id, "event_id": uuid7()}
    await place.do(insert(change), insert(grant), versions.insert().values(**forged))
    await place.look()
    assert ("access_grant", "row_differs") in await place.found()
    await place.do(*(sa.text(line) for line in drop_append_only_ddl("row_version", dialect)))
    await place.do(versions.delete().where(versions.c.event_id == kept["event_id"]))
    await place.do(*(sa.text(line) for line in append_only_ddl("row_version", dialect)))
    await place.look()
    assert ("row_version", "event_without_row") in await place.found()


async def test_an_act_that_explains_a_row_again_ends_its_finding(place: Place) -> None:
    chosen = (await place.read(Membership))[0]
    there = rows(Membership).c.id == chosen.id
    before = chosen.model_dump()["role"]
    await place.do(
        rows(Membership).update().where(there).values(role="owner" if before == "member" else "member")
    )
    assert await place.look() == 1
    await place.do(rows(Membership).update().where(there).values(role=before))
    assert await place.look() == 0
    assert await place.found() == set()
    assert [reasons for _, reasons in await place.told()] == [["row_differs"], ["explained_again"]]
    assert chosen.id in {row.id for row in await place.read(Membership)}


async def test_a_finding_taken_out_by_hand_comes_back(place: Place) -> None:
    change, grant = a_grant(place.people["member"].id, place.route.id)
    await place.do(insert(change), insert(grant))
    assert await place.look() == 2
    await place.do(rows(UnexplainedRow).delete())
    assert await place.look() == 2
    assert await grants_of(place, "member") == []


async def test_a_finding_stands_on_the_health_page_and_at_the_doctors(place: Place) -> None:
    change, grant = a_grant(place.people["member"].id, place.route.id)
    assert await read_alarms(place.services) == []
    await place.do(insert(change), insert(grant))
    await place.look()
    (alarm,) = await read_alarms(place.services)
    assert (alarm.name, alarm.sentence.partition(" ")[0]) == ("rows", "2")
    admin = visit(place.services)
    await admin.sign_in("admin")
    page = await admin.client.get("/admin")
    assert alarm.sentence in page.text
    assert [one.sentence for one in await examine(place.services.settings) if one.name == "rows"] == [
        alarm.sentence
    ]


async def test_a_row_taken_out_with_its_end_made_up_in_history_is_told(place: Place) -> None:
    chosen = (await place.read(RoleAssignment))[0]
    kept = next(one for one in await place.read(RowVersion) if one.row_id == chosen.id).model_dump()
    ended = kept | {"sequence": 10_000, "row": None, "event_id": uuid7()}
    await place.do(
        rows(RoleAssignment).delete().where(rows(RoleAssignment).c.id == chosen.id),
        rows(RowVersion).insert().values(**ended),
    )
    assert await place.look() == 1
    assert await place.found() == {("row_version", "history_differs")}
    assert await place.look() == 0


async def test_a_hold_whose_end_is_made_up_in_history_goes_on_holding(place: Place) -> None:
    hold, now = await a_hold(place), place.services.clock()
    kept = next(one for one in await place.read(RowVersion) if one.row_id == hold.id).model_dump()
    ended = kept | {"sequence": 10_000, "row": None, "event_id": uuid7()}
    await place.do(rows(RowVersion).insert().values(**ended))
    await place.look()
    assert ("legal_hold", "row_without_event") in await place.found()
    async with place.services.database.read() as session:
        assert {one.id for one in await active_holds(session, place.services.log, now)} == {hold.id}
