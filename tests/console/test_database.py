"""Fifty writers at once succeed; a database that is away is one kind of error; no value is in its text."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from sqlalchemy.exc import DBAPIError
from sqlmodel import select

from console.database import Database
from console.migrate import upgrade
from sso.models import Team

KINDS = ["sqlite", pytest.param("postgresql", marks=pytest.mark.real)]


@pytest.fixture
def sqlite(tmp_path: Path) -> str:
    return f"sqlite+aiosqlite:///{tmp_path / 'guildhall.db'}"


@pytest.fixture
def postgresql(postgres_database: Callable[[], str]) -> str:
    return postgres_database()


@pytest.fixture(params=KINDS)
async def database(request: pytest.FixtureRequest) -> AsyncIterator[Database]:
    opened = Database(request.getfixturevalue(request.param))
    await upgrade(opened.engine, "main")
    yield opened
    await opened.close()


async def names(database: Database) -> list[str]:
    async with database.read() as session:
        return sorted(team.name for team in await session.exec(select(Team)))


async def test_fifty_concurrent_writers_all_succeed(database: Database) -> None:
    async def write(number: int) -> None:
        async with database.write() as session:
            # Read first: what would fail at once if a transaction became a writer only later.
            await session.exec(select(Team))
            session.add(Team(name=f"team-{number:02}", created=number))

    await asyncio.gather(*(write(number) for number in range(50)))
    assert await names(database) == [f"team-{number:02}" for number in range(50)]


async def test_an_error_in_the_middle_takes_everything_back(database: Database) -> None:
    async def half_a_write() -> None:
        async with database.write() as session:
            session.add(Team(name="half", created=1))
            await session.flush()
            raise LookupError

    with pytest.raises(LookupError):
        await half_a_write()
    assert await names(database) == []


async def test_a_read_keeps_its_snapshot_and_nothing_of_what_it_wrote(database: Database) -> None:
    async with database.read() as session:
        assert (await session.exec(select(Team))).all() == []
        async with database.write() as writer:
            writer.add(Team(name="later", created=1))
        assert (await session.exec(select(Team))).all() == []
    assert await names(database) == ["later"]


async def test_values_stay_out_of_the_text_of_errors(database: Database) -> None:
    async def twice() -> None:
        async with database.write() as session:
            session.add_all([Team(name="s3cret-name", created=1), Team(name="s3cret-name", created=2)])

    with pytest.raises(DBAPIError) as failed:
        await twice()
    # What PostgreSQL itself says names the value; ours logs the error's kind alone (console.work.kind_of).
    assert failed.value.hide_parameters
    assert "s3cret-name" not in str(failed.value).replace(str(failed.value.orig), "")


@pytest.mark.parametrize("url", ["postgresql+asyncpg://nobody:none@127.0.0.1:1/absent", "sqlite"])
async def test_a_database_that_is_away_or_spoilt_is_one_kind_of_error(url: str, tmp_path: Path) -> None:
    spoilt = tmp_path / "spoilt.db"
    spoilt.write_bytes(b"no database " * 1000)
    away = Database(f"sqlite+aiosqlite:///{spoilt}" if url == "sqlite" else url)

    async def read() -> None:
        async with away.read() as session:
            await session.exec(select(Team))

    async def write() -> None:
        async with away.write() as session:
            await session.exec(select(Team))

    for attempt in (read, write, away.ping):
        with pytest.raises(DBAPIError):
            await attempt()
    await away.close()
