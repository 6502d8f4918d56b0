"""Whatever decisions read tells when it moves, once its transaction is committed, on every database."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlmodel import SQLModel, col, update
from uuid_utils.compat import uuid7

from audit.models import Disclosure, LegalHold, PruneJob, RetentionRow
from console.database import Database
from console.freshness import moves as moves_module
from console.freshness.feed import Feed
from console.freshness.forgetting import Forgetting
from console.freshness.moves import ANY, Move, Moves, read_moves, read_position
from console.freshness.watched import WATCHED, Watched, missing_triggers
from console.governed import GOVERNED
from console.migrate import upgrade
from console.models import (
    Campaign,
    CampaignItem,
    Cluster,
    Deployment,
    Model,
    Moved,
    Route,
    RouteTarget,
    UnexplainedRow,
    Version,
)
from policy.models import ActivePolicy, Change, Delegation, Grant, PolicyBundle, Review
from sso.models import (
    ApiKey,
    BreakGlass,
    Identity,
    IdentityLink,
    MappingRule,
    Membership,
    Person,
    Profile,
    RoleAssignment,
    ScimCredential,
    SealedCredential,
    ServiceAccount,
    Session,
    SignedOut,
    Team,
    TrustedIssuer,
)
from tests.patience import PATIENCE

pytestmark = pytest.mark.slow

READ_WHEN_NEEDED = {
    *(BreakGlass, Campaign, CampaignItem, Change, Delegation, Disclosure, IdentityLink, LegalHold),
    *(MappingRule, PruneJob, RetentionRow, Review, ScimCredential, SealedCredential, Version),
}
"""Governed rows on which neither who calls nor a call rests: whoever decides about them reads them."""
MAKERS: dict[type[Any], Callable[[sa.Column[Any]], object]] = {
    bool: lambda _: True,
    bytes: lambda _: b"0",
    int: lambda _: 1,
    str: lambda column: uuid7().hex[: getattr(column.type, "length", None) or 32],
    UUID: lambda _: uuid7(),
}


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.real)])
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    if request.param == "sqlite":
        url = f"sqlite+aiosqlite:///{tmp_path}/guildhall.db"
    else:
        create: Callable[[], str] = request.getfixturevalue("postgres_database")
        url = create()
    opened = Database(url)
    await upgrade(opened.engine, "main")
    yield opened
    await opened.close()


async def position(database: Database) -> str:
    async with database.read() as session:
        return await read_position(session)


async def since(database: Database, place: str) -> Moves:
    async with database.read() as session:
        return await read_moves(session, place)


def filled(model: type[SQLModel], **given: Any) -> SQLModel:
    """A row with something in every column that needs it."""
    columns = sa.inspect(model).local_table.columns
    needed = {
        column.name: _some(column) for column in columns if not column.nullable and column.name not in given
    }
    return model.model_validate({**needed, **given})


def _some(column: sa.Column[Any]) -> object:
    if isinstance(column.type, sa.Enum):
        return next(iter(column.type.enums))
    kind = column.type.impl_instance if isinstance(column.type, sa.TypeDecorator) else column.type
    return MAKERS[kind.python_type](column)


def sample() -> dict[type[SQLModel], SQLModel]:
    """One row of each watched table, and of those that they refer to."""
    person, team, cluster = filled(Person), filled(Team), filled(Cluster)
    model = filled(Model, team_id=team.id)  # type: ignore[attr-defined]
    version = filled(Version, model_id=model.id)  # type: ignore[attr-defined]
    deployment = filled(Deployment, cluster_id=cluster.id, version_id=version.id)  # type: ignore[attr-defined]
    route = filled(Route, model_id=model.id)  # type: ignore[attr-defined]
    change = filled(Change)
    theirs = {"person_id": person.id}  # type: ignore[attr-defined]
    rows = [
        *(person, team, cluster, model, version, deployment, route, change),
        filled(Profile, **theirs),
        filled(Identity, **theirs),
        filled(Membership, **theirs, team_id=team.id),  # type: ignore[attr-defined]
        filled(RoleAssignment, **theirs),
        filled(Session, **theirs),
        filled(RouteTarget, route_id=route.id, deployment_id=deployment.id),  # type: ignore[attr-defined]
        filled(Grant, change_id=change.id),  # type: ignore[attr-defined]
        filled(ApiKey, owner_id=person.id, made_by=person.id),  # type: ignore[attr-defined]
        filled(ServiceAccount, id=person.id, team_id=team.id, created_by=person.id),  # type: ignore[attr-defined]
        filled(ActivePolicy),
        filled(PolicyBundle),
        filled(SignedOut),
        filled(TrustedIssuer, service_id=person.id),  # type: ignore[attr-defined]
        filled(UnexplainedRow),
    ]
    return {type(row): row for row in rows}


def expected(one: Watched, row: SQLModel) -> Moves:
    value = getattr(row, one.column)
    key = value.hex if isinstance(value, UUID) else value
    return Moves(frozenset({Move(one.kind, key), Move(one.kind, ANY)}))


async def keep(database: Database) -> dict[type[SQLModel], SQLModel]:
    rows = sample()
    async with database.write() as session:
        for row in rows.values():
            session.add(row)
            await session.flush()
    return rows


def test_whatever_decisions_read_is_watched() -> None:
    assert GOVERNED.keys() - {one.model for one in WATCHED} == READ_WHEN_NEEDED


async def test_every_watched_table_has_its_triggers(database: Database) -> None:
    async with database.engine.connect() as connection:
        assert await connection.run_sync(missing_triggers) == set()


async def test_an_insert_an_update_and_a_delete_tell(database: Database) -> None:
    before = await position(database)
    rows = await keep(database)
    told = (await since(database, before)).told
    for one in WATCHED:
        assert expected(one, rows[one.model]).told <= told, one
    for one in WATCHED:
        assert await _changed(database, one, rows[one.model]) == expected(one, rows[one.model]), one
    for one in (one for one in WATCHED if one.model in {Membership, Grant, Session, UnexplainedRow}):
        before, table = await position(database), sa.inspect(one.model).local_table
        async with database.write() as session:
            await session.exec(sa.delete(table))
        assert await since(database, before) == expected(one, rows[one.model]), one


async def _changed(database: Database, one: Watched, row: SQLModel) -> Moves:
    table = sa.inspect(one.model).local_table
    column = next(name for name in reversed(one.loud) if name != one.column and name not in table.primary_key)
    before = await position(database)
    async with database.write() as session:
        await session.exec(sa.update(table).values({column: getattr(row, column)}))
    return await since(database, before)


async def test_what_changes_hands_moves_for_both(database: Database) -> None:
    rows = await keep(database)
    other = filled(Person)
    async with database.write() as session:
        session.add(other)
    before = await position(database)
    async with database.write() as session:
        await session.exec(sa.update(Identity).values(person_id=other.id))  # type: ignore[attr-defined]
    keys = {move.key for move in (await since(database, before)).told}
    assert keys == {rows[Person].id.hex, other.id.hex, ANY}  # type: ignore[attr-defined]


async def test_the_last_use_of_a_session_moves_nothing(database: Database) -> None:
    await keep(database)
    before = await position(database)
    async with database.write() as session:
        await session.exec(sa.update(Session).values(seen=2, idle_end=2))
    assert await since(database, before) == Moves()


async def test_what_is_rolled_back_moved_nothing(database: Database) -> None:
    before = await position(database)
    async with database.write() as session:
        session.add(filled(Team))
        await session.flush()
        await session.rollback()
    assert await since(database, before) == Moves()


async def test_so_much_at_once_counts_as_everything(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(moves_module, "MOST_READ", 3)
    before = await position(database)
    async with database.write() as session:
        session.add_all([filled(Team) for _ in range(3)])
    assert len((await since(database, before)).told) == 4
    async with database.write() as session:
        session.add(filled(Team))
    assert (await since(database, before)).everything


@pytest.mark.parametrize("database", [pytest.param("postgresql", marks=pytest.mark.real)], indirect=True)
async def test_a_change_committed_late_under_a_lower_number_is_read(database: Database) -> None:
    early, late = filled(Team), filled(Team)
    before = await position(database)
    async with database.write() as slow:
        slow.add(early)
        await slow.flush()  # its number and its transaction are given now, and it commits last
        async with database.write() as session:
            session.add(late)
        between = await position(database)
        seen = await since(database, before)
    assert {move.key for move in seen.told} == {late.id.hex, ANY}  # type: ignore[attr-defined]
    after = await since(database, between)
    assert {move.key for move in after.told} == {early.id.hex, ANY}  # type: ignore[attr-defined]


async def test_what_moved_long_ago_is_swept_away(database: Database) -> None:
    async with database.write() as session:
        session.add_all([filled(Team), filled(Team)])
    assert await Forgetting(database).sweep() == 0
    async with database.write() as session:
        oldest = sa.select(sa.func.min(col(Moved.sequence))).scalar_subquery()
        hour = update(Moved).where(col(Moved.sequence) == oldest).values(at=Moved.at - 3_600_000_000)
        await session.exec(hour)
    assert await Forgetting(database).sweep() == 1


async def test_a_feed_tells_what_another_connection_commits(database: Database) -> None:
    feed, told, arrived = Feed(database), [], asyncio.Event()

    def listen(moves: Moves) -> None:
        told.append(moves)
        if moves.told:
            arrived.set()

    feed.subscribe(listen)
    await feed.start()
    assert await feed.catch_up()
    stranger, team = Database(database.engine.url.render_as_string(hide_password=False)), filled(Team)
    async with stranger.write() as session:
        session.add(team)
    assert feed.reliable
    await asyncio.wait_for(arrived.wait(), PATIENCE)
    assert told[-1].told == {Move("team", team.id.hex), Move("team", ANY)}  # type: ignore[attr-defined]
    await feed.stop()
    await stranger.close()
    assert not feed.reliable


async def test_tables_that_do_not_tell_are_relied_on_by_nobody(database: Database) -> None:
    drop = "DROP TRIGGER moved_session_update"
    async with database.engine.begin() as connection:
        on = ' ON "session"' if connection.dialect.name == "postgresql" else ""
        await connection.execute(sa.text(drop + on))
    feed = Feed(database)
    await feed.start()
    assert not await feed.catch_up()
    await feed.stop()
