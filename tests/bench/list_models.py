"""A page of 50 of 10,000 models, for random people of 28,000, each with one question to policy."""

import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from pydantic import SecretStr
from sqlmodel import SQLModel
from uuid_utils.compat import uuid7

from console import runtime
from console.catalog.filters import RouteFilter
from console.catalog.queries import list_routes
from console.installation import migrate_all
from console.models import DataClass, Model, Route, Tier, Visibility
from console.questions import Origin
from console.services import Services, build
from console.settings import Settings, load_settings
from console.work import UnitOfWork
from policy.models import Change, ChangeKind, ChangeState, Grant, PrincipalType
from sso.models import Membership, Person, PersonKind, PersonState, Source, Team, TeamRole
from sso.principal import Authentication, Principal
from tests.bench.postgres import DurablePostgres
from tests.bench.result import Result, Row, median_row

PEOPLE, TEAMS, MODELS, MEMBERSHIPS, GRANTS = 28_000, 1_500, 10_000, 60_000, 20_000
PAGES, ROUNDS, SIZE = 100, 5, 50
FLOOR_MILLISECONDS: Final = 15.0
SEED: Final = 20261130
DAY: Final = 86_400_000_000
_AT_ONCE: Final = 2_000


def measure_sqlite() -> Result:
    """Measure on SQLite."""
    with tempfile.TemporaryDirectory() as folder:
        return _result("sqlite", load_settings(data=Path(folder) / "var"))


def measure_postgresql() -> Result:
    """Measure on PostgreSQL."""
    server = DurablePostgres()
    server.start()
    try:
        with tempfile.TemporaryDirectory() as folder:
            url = server.create_database()
            settings = load_settings(data=Path(folder) / "var", database={"url": SecretStr(url)})
            return _result("postgresql", settings)
    finally:
        server.close()


def _result(name: str, settings: Settings) -> Result:
    rounds = runtime.run(_measure(settings))
    what = f"p95 of a page of {SIZE} of {MODELS:,} models"
    p95 = [statistics.quantiles(times, n=20)[-1] for times in rounds]
    p50 = [statistics.median(times) for times in rounds]
    rows: list[Row] = [
        median_row(what, "ms", p95, FLOOR_MILLISECONDS, lower_is_better=True),
        median_row("p50 of the same", "ms", p50, lower_is_better=True),
    ]
    return Result(f"list-models-{name}", rows)


async def _measure(settings: Settings) -> list[list[float]]:
    await migrate_all(settings)
    services = build(settings)
    try:
        people = await fill(services, Random(SEED))  # noqa: S311 - the same company in every run
        await _look_at(services)
        await services.feed.start()
        random = Random(SEED + 1)  # noqa: S311
        await _pages(services, random.choices(people, k=20))
        return [await _pages(services, random.choices(people, k=PAGES)) for _ in range(ROUNDS)]
    finally:
        await services.close()


async def _look_at(services: Services) -> None:
    """Let the database look at its tables, as PostgreSQL does by itself within a minute of so many rows."""
    async with services.database.engine.connect() as connection:
        await (await connection.execution_options(isolation_level="AUTOCOMMIT")).exec_driver_sql("ANALYZE")


async def _pages(services: Services, people: list[UUID]) -> list[float]:
    times = []
    for person in people:
        work = UnitOfWork(services, principal_of(person), Origin("page"))
        began = time.perf_counter()
        page = await list_routes(work, RouteFilter(), None, SIZE)
        times.append((time.perf_counter() - began) * 1e3)
        assert len(page.items) == SIZE
    return times


def principal_of(person: UUID) -> Principal:
    """Return somebody who has a session."""
    return Principal(person, "person", "h", "H", Authentication("session", "https://idp.example", "s"))


async def fill(services: Services, random: Random) -> list[UUID]:
    """Make the company; return its people."""
    teams: list[dict[str, Any]] = [
        {"id": uuid7(), "name": f"team-{number}", "created": 1} for number in range(TEAMS)
    ]
    people: list[dict[str, Any]] = [
        {"id": uuid7(), "kind": PersonKind.PERSON, "state": PersonState.ACTIVE, "created": 1}
        for _ in range(PEOPLE)
    ]
    models = [_model(random, number, random.choice(teams)) for number in range(MODELS)]
    routes: list[dict[str, Any]] = [
        {"id": uuid7(), "name": f"{one['namespace']}.{one['name']}", "model_id": one["id"], "created": 1}
        for one in models
    ]
    change = _change()
    shared = {"change_id": change["id"], "now": services.clock()}
    grants = [_grant(random, random.choice(routes), (teams, people), shared) for _ in range(GRANTS)]
    members = list(_memberships(random, people, teams))
    tables: list[tuple[type[SQLModel], list[dict[str, Any]]]] = [
        *((Team, teams), (Person, people), (Membership, members), (Model, models)),
        *((Route, routes), (Change, [change]), (Grant, grants)),
    ]
    for table, rows in tables:
        await _insert(services, table, rows)
    return [one["id"] for one in people]


async def _insert(services: Services, table: type[SQLModel], rows: list[dict[str, Any]]) -> None:
    async with services.database.write() as session:
        connection = await session.connection()
        for first in range(0, len(rows), _AT_ONCE):
            await connection.execute(sa.insert(table), rows[first : first + _AT_ONCE])


def _model(random: Random, number: int, team: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": uuid7(),
        "team_id": team["id"],
        "namespace": team["name"],
        "name": f"m{number}",
        "title": f"Model {number}",
        "summary": "What it does.",
        "task": "classification",
        "purpose": "What for.",
        "card": "{}",
        "visibility": random.choice((Visibility.HIDDEN, Visibility.HIDDEN, *Visibility)),
        "tier": random.choice(tuple(Tier)),
        "data_class": random.choice(tuple(DataClass)),
        "created": 1,
    }


def _memberships(random: Random, people: list[Any], teams: list[Any]) -> Iterator[dict[str, Any]]:
    pairs = {(random.randrange(PEOPLE), random.randrange(TEAMS)) for _ in range(MEMBERSHIPS)}
    for person, team in sorted(pairs):
        yield {
            "id": uuid7(),
            "person_id": people[person]["id"],
            "team_id": teams[team]["id"],
            "role": TeamRole.OWNER if random.random() < 0.05 else TeamRole.MEMBER,
            "managed_by": Source.CLAIM,
        }


def _change() -> dict[str, Any]:
    return {
        "id": uuid7(),
        "kind": ChangeKind.ACCESS,
        "resource_type": "route",
        "resource_id": uuid7(),
        "requester_id": uuid7(),
        "content": "{}",
        "content_hash": "0" * 64,
        "state": ChangeState.APPROVED,
        "required": "[]",
        "policy_revision": "0" * 64,
        "created": 1,
    }


def _grant(
    random: Random, route: dict[str, Any], holders: tuple[list[Any], list[Any]], shared: dict[str, Any]
) -> dict[str, Any]:
    kind = random.choice((PrincipalType.TEAM, PrincipalType.TEAM, PrincipalType.PERSON))
    holder = random.choice(holders[0] if kind is PrincipalType.TEAM else holders[1])
    return {
        "id": uuid7(),
        "principal_type": kind,
        "principal_id": holder["id"],
        "permission": "model.invoke",
        "resource_type": "route",
        "resource_id": route["id"],
        "change_id": shared["change_id"],
        "starts": shared["now"] - DAY,
        "ends": shared["now"] + random.choice((-1, 30, 90)) * DAY,
    }
