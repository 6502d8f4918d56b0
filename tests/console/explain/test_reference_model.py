"""Who could call what at T, as known then or later: the query equals a naive model over random histories."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel.ext.asyncio.session import AsyncSession

from console.database import Database
from console.explain.history import Moment
from console.explain.organisation import read_organisation
from console.explain.rights import Tables, could
from console.migrate import upgrade
from policy.bundles import read_bundle
from tests.console.explain.past import (
    PEOPLE,
    ROUTES,
    TICK,
    TICKS,
    Act,
    callers,
    histories,
    painted,
    write_history,
)

pytestmark = pytest.mark.slow

HISTORIES = 125
QUESTIONS = 40
"""Of each history; on two databases that is 10,000 inputs."""
KINDS = ["sqlite", pytest.param("postgresql", marks=pytest.mark.real)]
TABLES = Tables(read_bundle().files)


@pytest.fixture(scope="module")
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as opened:
        yield opened


@pytest.fixture(params=KINDS)
def database(request: pytest.FixtureRequest, tmp_path: Path, runner: asyncio.Runner) -> Iterator[Database]:
    url = f"sqlite+aiosqlite:///{tmp_path / 'guildhall.db'}"
    if request.param == "postgresql":
        make: Callable[[], str] = request.getfixturevalue("postgres_database")
        url = make()
    opened = Database(url)
    runner.run(upgrade(opened.engine, "main"))
    yield opened
    runner.run(opened.close())


async def compare(database: Database, acts: list[Act], moments: list[tuple[int, int]]) -> int:
    """Ask within one transaction, and take it back: the table itself refuses to forget."""
    async with database.write() as session:
        await write_history(session, acts)
        found = [await agree(session, acts, number, *moment) for number, moment in enumerate(moments)]
        await session.rollback()
    return sum(found)


async def agree(session: AsyncSession, acts: list[Act], number: int, valid: int, known: int) -> int:
    expected = set(callers(painted(acts, valid, known), valid))
    moment = Moment(valid * TICK, known * TICK)
    assert await answered(session, moment) == expected
    if number % 4 == 0:  # what is asked of one person, or of one route, is a part of it
        person, route = PEOPLE[valid % 4], ROUTES[known % 3]
        of_one = {pair for pair in expected if pair[0] == person}
        assert await answered(session, moment, person=person) == of_one
        on_one = {pair for pair in expected if pair[1] == route}
        assert await answered(session, moment, route=route) == on_one
    return len(expected)


async def answered(session: AsyncSession, moment: Moment, **only: UUID) -> set[tuple[UUID, UUID]]:
    org = await read_organisation(session, moment, **only)
    rows = [could(org, TABLES, "model.invoke", route) for route in org.routes.values()]
    return {(one.person, one.route.id) for some in rows for one in some}


def test_the_query_equals_the_naive_model(database: Database, runner: asyncio.Runner) -> None:
    tick = st.integers(0, TICKS - 1)
    pairs: list[int] = []
    questions = st.lists(st.tuples(tick, tick), min_size=QUESTIONS, max_size=QUESTIONS)

    @settings(max_examples=HISTORIES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(acts=histories(), moments=questions)
    def hold(acts: list[Act], moments: list[tuple[int, int]]) -> None:
        pairs.append(runner.run(compare(database, acts, moments)))

    hold()
    assert sum(pairs) > HISTORIES * QUESTIONS // 2, "histories in which hardly anybody may do anything"
