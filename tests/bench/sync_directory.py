"""What a first sync costs us for each person: reading by our client, comparing, and applying, at two sizes.

The realm is told by a process of its own, so that what a Keycloak computes is not in it; how long all of
it takes is `make soak NAME=directory`. Processor time is this process's.
"""

import multiprocessing
import socket
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import uvicorn

from console import runtime
from console.directory.carrying import carry_out
from console.directory.comparing import compare, read_known, read_rules
from console.directory.keeping import directory_work
from console.directory.looking import Meanwhile
from console.installation import migrate_all, stamp
from console.services import Services, build
from console.settings import load_settings
from sso.directory_settings import DirectorySettings
from sso.keycloak.connection import open_directory
from sso.keycloak.events import Seen
from sso.keycloak.reading import read_everybody
from sso.models import MappingRule, RuleRole, Team
from tests.bench.result import ROOT, Result, Row, median_row
from tests.console.directory.told_realm import ToldRealm
from tests.real.big_realm import group_path

SIZES = (2_000, 4_000)
ROUNDS = 3
TEAMS_EACH, MEMBERSHIPS_EACH = 1_500 / 28_000, 60_000 / 28_000
HOST = "127.0.0.1"


@dataclass(frozen=True)
class Cost:
    """Milliseconds of processor time for each person."""

    reading: float
    comparing: float
    applying: float


def measure() -> Result:
    """Measure at two sizes."""
    rows: list[Row] = []
    for people in SIZES:
        with _told(people) as url:
            costs = [runtime.run(_cost(people, url)) for _ in range(ROUNDS)]
        rows += _rows(people, costs)
    return Result("sync-directory", rows)


def _rows(people: int, costs: list[Cost]) -> Iterator[Row]:
    for what in ("reading", "comparing", "applying"):
        rounds = [getattr(cost, what) for cost in costs]
        yield median_row(f"{what} each of {people:,} people", "ms", rounds, lower_is_better=True)


def _teams(people: int) -> int:
    return round(people * TEAMS_EACH)


@contextmanager
def _told(people: int) -> Iterator[str]:
    listener = socket.create_server((HOST, 0))
    sized = (people, _teams(people), round(people * MEMBERSHIPS_EACH))
    child = multiprocessing.get_context("fork").Process(target=_serve, args=(listener, sized))
    child.start()
    try:
        yield f"http://{HOST}:{listener.getsockname()[1]}"
    finally:
        child.terminate()
        child.join()
        listener.close()


def _serve(listener: socket.socket, sized: tuple[int, int, int]) -> None:
    options = uvicorn.Config(ToldRealm.sized(*sized), log_level="warning", ws="none", lifespan="off")
    uvicorn.Server(options).run([listener])


async def _cost(people: int, url: str) -> Cost:
    settings = ToldRealm.settings(url)
    async with _services() as services, open_directory(settings) as admin:
        await _add_rules(services, settings, _teams(people))
        began = time.process_time()
        snapshot = await read_everybody(admin, settings, *await read_rules(services))
        read = time.process_time()
        plan = compare(settings, snapshot, await read_known(services, settings, None))
        compared = time.process_time()
        carried = await carry_out(directory_work(services), plan, _meanwhile())
        applied = time.process_time()
    if (len(plan.changes), carried.applied.people) != (people, people):
        raise RuntimeError("not everybody came")
    spent = (read - began, compared - read, applied - compared)
    return Cost(*(seconds / people * 1_000 for seconds in spent))


def _meanwhile() -> Meanwhile:
    async def look() -> Seen:
        return Seen()

    async def nobody(_seen: Seen) -> set[str]:
        return set()

    return Meanwhile(look, nobody, 2)


@asynccontextmanager
async def _services() -> AsyncIterator[Services]:
    folder = ROOT / "var" / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        settings = load_settings(data=Path(scratch) / "var")
        await migrate_all(settings)
        services = build(settings)
        try:
            await stamp(services)
            yield services
        finally:
            await services.close()


async def _add_rules(services: Services, settings: DirectorySettings, count: int) -> None:
    async with services.database.write() as session:
        teams = [Team(name=f"team-{place:04d}", created=0) for place in range(count)]
        session.add_all(teams)
        await session.flush()
        session.add_all([_rule(settings, place, team) for place, team in enumerate(teams)])


def _rule(settings: DirectorySettings, place: int, team: Team) -> MappingRule:
    return MappingRule(
        issuer=settings.known_as,
        claim=settings.groups_claim,
        value=group_path(place),
        team_id=team.id,
        role=RuleRole.MEMBER,
        created=0,
    )
