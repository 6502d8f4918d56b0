"""A connection from the pool stands: one the server closed is replaced, and one that rested long is asked."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql.asyncpg import AsyncAdapt_asyncpg_connection
from sqlalchemy.ext.asyncio import AsyncEngine

from audit import pooled
from audit.database import create_log_engine
from tests.patience import PATIENCE

pytestmark = pytest.mark.real


@pytest.fixture
async def engines(postgres_database: Callable[[], str]) -> AsyncIterator[tuple[AsyncEngine, AsyncEngine]]:
    url = postgres_database()
    both = create_log_engine(url), create_log_engine(url)
    yield both
    for engine in both:
        await engine.dispose()


async def backend(engine: AsyncEngine) -> int:
    async with engine.connect() as connection:
        return int(await connection.scalar(sa.text("SELECT pg_backend_pid()")))


async def end_pooled(engine: AsyncEngine, other: AsyncEngine) -> None:
    """Have the server close the pooled connection of `engine`, and wait until its driver has heard of it."""
    async with engine.connect() as connection:
        pid = await connection.scalar(sa.text("SELECT pg_backend_pid()"))
        driver: Any = (await connection.get_raw_connection()).driver_connection
    closed = asyncio.Event()
    driver.add_termination_listener(lambda _connection: closed.set())
    async with other.connect() as connection:
        await connection.execute(sa.text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
    await closed.wait()


async def test_a_connection_is_used_again_without_asking(
    engines: tuple[AsyncEngine, AsyncEngine], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = count_pings(monkeypatch)
    monkeypatch.setattr(pooled, "RESTED", PATIENCE)
    first = await backend(engines[0])
    assert await backend(engines[0]) == first
    assert asked == []


async def test_one_the_server_closed_is_replaced(engines: tuple[AsyncEngine, AsyncEngine]) -> None:
    first = await backend(engines[0])
    await end_pooled(*engines)
    assert await backend(engines[0]) != first


async def test_one_that_rested_is_asked(
    engines: tuple[AsyncEngine, AsyncEngine], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = count_pings(monkeypatch)
    first = await backend(engines[0])
    monkeypatch.setattr(pooled, "RESTED", 0.0)
    assert await backend(engines[0]) == first
    assert asked == [None]


async def test_one_that_rested_and_does_not_answer_is_replaced(
    engines: tuple[AsyncEngine, AsyncEngine], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = await backend(engines[0])
    count_pings(monkeypatch, TimeoutError("forgotten on the way"))
    monkeypatch.setattr(pooled, "RESTED", 0.0)
    assert await backend(engines[0]) != first


def count_pings(monkeypatch: pytest.MonkeyPatch, error: Exception | None = None) -> list[None]:
    asked: list[None] = []

    def ping(_self: object) -> None:
        asked.append(None)
        if error is not None:
            raise error

    monkeypatch.setattr(AsyncAdapt_asyncpg_connection, "ping", ping)
    return asked
