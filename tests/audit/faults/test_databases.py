"""Commits whose outcome nobody learns, readers that stay, sinks that never answer: the log goes on."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from audit import outbox
from audit.database import create_log_engine
from audit.following.shipper import Shipper
from audit.reader import LogReader
from audit.sinks.elasticsearch import open_elasticsearch
from tests.audit.exports import grow, records
from tests.audit.log_store import ORIGIN, Store, id_of
from tests.patience import PATIENCE

pytestmark = pytest.mark.slow

KILL = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE application_name = 'guildhall-log' AND datname = current_database() AND pid <> pg_backend_pid()
"""


@pytest.fixture
async def postgres_store(postgres_database: Callable[[], str], tmp_path: Path) -> AsyncIterator[Store]:
    url = postgres_database()
    opened = await Store.open(tmp_path, url, url)
    yield opened
    await opened.close()


async def put(store: Store, count: int) -> set[str]:
    made = records(count)
    async with store.main.write() as session:
        for record in made:
            await outbox.append(session, record)
    return {str(id_of(record)) for record in made}


@pytest.mark.real
@pytest.mark.parametrize("committed", [True, False])
async def test_a_commit_whose_outcome_is_unknown(postgres_store: Store, committed: bool) -> None:
    """The server goes away around COMMIT, once just after it and once just before."""
    store = postgres_store
    log = await store.begin()
    expected = await put(store, 20)
    worker = store.sequencer(log)

    def go_away(connection: sa.Connection) -> None:
        if committed:
            connection.connection.dbapi_connection.commit()  # type: ignore[union-attr]
        raise DBAPIError("COMMIT", None, ConnectionError("the server went away"))

    sa.event.listen(store.engine.sync_engine, "commit", go_away)
    assert await worker._try_once() is None
    sa.event.remove(store.engine.sync_engine, "commit", go_away)
    assert worker.trouble is not None
    while await worker._try_once() or worker.trouble:
        pass
    entries = await LogReader(store.engine).entries(range(1_000))
    assert [one.index for one in entries] == list(range(21))
    assert {str(one.id) for one in entries[1:]} == expected


@pytest.mark.real
async def test_every_connection_of_the_log_killed_again_and_again(postgres_store: Store) -> None:
    store = postgres_store
    log = await store.begin()
    worker, stop, expected = store.sequencer(log), asyncio.Event(), set[str]()
    working = asyncio.create_task(worker.run(stop))
    for _ in range(10):
        expected |= await put(store, 30)
        async with store.main.engine.begin() as connection:
            await connection.execute(sa.text(KILL))
    # No connection made after the last kill is ended; in the worker's pool may lie some that are.
    engine = create_log_engine(store.engine.url.render_as_string(hide_password=False))
    async with asyncio.timeout(PATIENCE):
        while await LogReader(engine).size() <= len(expected):  # noqa: ASYNC110 -- a database sends no event
            await asyncio.sleep(0.05)
    stop.set()
    await working
    entries = await LogReader(engine).entries(range(1_000))
    await engine.dispose()
    assert [one.index for one in entries] == list(range(len(expected) + 1))
    assert {str(one.id) for one in entries[1:]} == expected


async def test_a_reader_that_stays_lets_the_wal_grow_and_holds_up_nobody(store: Store) -> None:
    log = await store.begin()
    async with store.engine.connect() as reader:
        before = await reader.scalar(sa.text("SELECT count(*) FROM entry"))
        for _ in range(10):
            await grow(store, log, 400)
        assert await reader.scalar(sa.text("SELECT count(*) FROM entry")) == before == 1
        grown = (store.folder / "log.db-wal").stat().st_size
        assert grown > 4 << 20
    await grow(store, log, 10)
    assert await LogReader(store.engine).size() == 4_011
    async with store.engine.connect() as connection:
        driver = (await connection.get_raw_connection()).driver_connection
        assert driver is not None
        await driver.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert (store.folder / "log.db-wal").stat().st_size == 0


async def test_a_sink_behind_a_wall_that_drops_everything_holds_up_nobody(store: Store) -> None:
    """A listener that never accepts, its queue full: like a firewall that drops what comes."""
    with socket.socket() as wall:
        wall.bind(("127.0.0.1", 0))
        wall.listen(0)
        fillers = [knock(wall.getsockname()) for _ in range(4)]
        url = f"http://127.0.0.1:{wall.getsockname()[1]}"
        sink = open_elasticsearch(url, origin=ORIGIN, timeout=10 * PATIENCE)
        log = await store.begin()
        stop, worker = asyncio.Event(), store.sequencer(log)
        await grow(store, log, 50)
        shipping = asyncio.create_task(Shipper(store.engine, sink, store.clock).run(stop))
        slowest = 0.0
        for _ in range(20):
            await put(store, 5)
            began = time.monotonic()
            assert await worker._try_once()
            slowest = max(slowest, time.monotonic() - began)
            await asyncio.sleep(0)
        assert await LogReader(store.engine).size() == 151
        assert not shipping.done()
        assert slowest < PATIENCE  # a moment on any machine; the sink alone takes two minutes
        shipping.cancel()
        await asyncio.gather(shipping, return_exceptions=True)
        await sink.close()
        for filler in fillers:
            filler.close()


def knock(address: tuple[str, int]) -> socket.socket:
    """Take a place in a listener's queue."""
    filler = socket.socket()
    filler.setblocking(False)
    filler.connect_ex(address)
    return filler
