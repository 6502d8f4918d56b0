"""Who could do what on one of 10,000 models, with 5,000 people in 100 teams: from the history of it all.

A tenth of the memberships and grants has ended, and each row is a version of its own. The other question is
told beside it: what one person could call of all models. Processor time is this process's, and on PostgreSQL
the database's too: it says how long a machine takes that nobody else keeps busy.
"""

import random
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from audit import canonical
from audit.models import RowVersion
from console import runtime
from console.database import Database
from console.explain.history import Moment
from console.explain.organisation import read_organisation
from console.explain.rights import Tables, could
from console.migrate import upgrade
from policy.bundles import read_bundle
from tests.bench.postgres import DurablePostgres
from tests.bench.result import ROOT, Result, Row, median_row

PEOPLE, TEAMS, MODELS = 5_000, 100, 10_000
GRANTS_EACH, TEAMS_EACH, ROUNDS = 3, 3, 7
FLOOR: Final = 1_000.0
AT: Final = 1_800_000_000_000_000
YEAR: Final = 365 * 86_400_000_000
TABLES: Final = Tables(read_bundle().files)
Version = dict[str, Any]


def measure_sqlite() -> Result:
    """Measure on SQLite."""
    folder = ROOT / "var" / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        url = f"sqlite+aiosqlite:///{Path(scratch) / 'guildhall.db'}"
        return Result("as-of-sqlite", runtime.run(_measure(url, lambda: 0.0)))


def measure_postgresql() -> Result:
    """Measure on PostgreSQL."""
    server = DurablePostgres()
    server.start()
    try:
        return Result("as-of-postgresql", runtime.run(_measure(server.create_database(), server.processor)))
    finally:
        server.close()


async def _measure(url: str, theirs: Callable[[], float]) -> list[Row]:
    database = Database(url)
    await upgrade(database.engine, "main")
    versions = list(_versions(random.Random(7)))  # noqa: S311 - an organisation, not a secret
    async with database.write() as session:
        for first in range(0, len(versions), 5_000):
            await (await session.connection()).execute(sa.insert(RowVersion), versions[first : first + 5_000])
    by_route = [await _milliseconds(database, theirs, route=_id("route", 17 * n)) for n in range(ROUNDS)]
    by_person = [await _milliseconds(database, theirs, person=_id("person", 17 * n)) for n in range(ROUNDS)]
    await database.close()
    return [
        *_rows("who could call one of the models", by_route, FLOOR),
        *_rows("what one person could call of all of them", by_person, None),
        median_row("versions in the history", "rows", [float(len(versions))]),
    ]


def _rows(what: str, rounds: list[tuple[float, float]], floor: float | None) -> Iterator[Row]:
    by_processor, by_clock = zip(*rounds, strict=True)
    yield median_row(f"{what}, processor", "ms", list(by_processor), floor, lower_is_better=True)
    yield median_row(f"{what}, clock", "ms", list(by_clock))


async def _milliseconds(database: Database, theirs: Callable[[], float], **only: UUID) -> tuple[float, float]:
    began, used = time.perf_counter(), time.process_time() + theirs()
    async with database.read() as session:
        org = await read_organisation(session, Moment(AT, AT), **only)
        found = [one for route in org.routes.values() for one in could(org, TABLES, "model.invoke", route)]
    assert found
    return (time.process_time() + theirs() - used) * 1e3, (time.perf_counter() - began) * 1e3


def _versions(chance: random.Random) -> Iterator[Version]:
    for n in range(TEAMS):
        yield _version("team", n, {"name": f"team-{n}"})
    for n in range(PEOPLE):
        yield _version("person", n, {"kind": "person", "state": "active"})
        for place, team in enumerate(chance.sample(range(TEAMS), TEAMS_EACH)):
            yield from _membership(n * TEAMS_EACH + place, n, team)
    for n in range(MODELS):
        yield _version("model", n, _model(n))
        yield _version("route", n, {"name": f"m.m{n}", "model_id": str(_id("model", n)), "state": "active"})
        for place, team in enumerate(chance.sample(range(TEAMS), GRANTS_EACH)):
            yield from _grant(n * GRANTS_EACH + place, n, team)


def _membership(n: int, person: int, team: int) -> Iterator[Version]:
    ids = {"person_id": str(_id("person", person)), "team_id": str(_id("team", team))}
    yield _version("membership", n, {**ids, "role": "member", "managed_by": "claim"})
    if n % 10 == 0:
        yield _version("membership", n, None, AT - 1)


def _grant(n: int, route: int, team: int) -> Iterator[Version]:
    state = {
        "principal_type": "team",
        "principal_id": str(_id("team", team)),
        "permission": "model.invoke",
        "resource_type": "route",
        "resource_id": str(_id("route", route)),
        "change_id": str(_id("change", n)),
        "starts": AT - YEAR,
        "ends": AT + YEAR,
    }
    yield _version("access_grant", n, state)
    if n % 10 == 9:
        yield _version("access_grant", n, None, AT - 1)


def _model(n: int) -> dict[str, object]:
    return {
        "namespace": "m",
        "name": f"m{n}",
        "team_id": str(_id("team", n % TEAMS)),
        "visibility": "listed",
        "tier": "low",
        "data_class": "public",
        "purpose": "0" * 64,
    }


def _version(kind: str, n: int, state: dict[str, object] | None, since: int = AT - YEAR) -> Version:
    return {
        "kind": kind,
        "row_id": _id(kind, n),
        "valid_from": since,
        "valid_to": None,
        "recorded_at": since,
        "event_id": _id("event", n),
        "row": None if state is None else canonical.encode(state).decode(),
        "row_hash": "0" * 64,
    }


def _id(kind: str, number: int) -> UUID:
    return UUID(int=(sum(kind.encode()) << 64) + number + 1)
