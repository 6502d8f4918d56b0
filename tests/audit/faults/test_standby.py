"""A standby without whose word no commit counts is lost, or takes over in the middle of a commit."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

from audit.checkpoints.checkpoint import verify_checkpoint
from audit.reader import LogReader
from audit.tree.merkle import verify_consistency
from tests.audit.faults.test_databases import put
from tests.audit.log_store import Store
from tests.real.missing import require
from tests.real.standby import Primary, Standby

pytestmark = [pytest.mark.real, pytest.mark.slow]

PATIENCE = 60.0


@pytest.fixture
def primary(pytestconfig: pytest.Config) -> Iterator[Primary]:
    server = Primary()
    require(pytestconfig, server)
    server.start()
    yield server
    server.close()


@pytest.fixture
def standby(primary: Primary) -> Iterator[Standby]:
    """It follows, and the primary waits for its word."""
    server = Standby(primary)
    server.start()
    primary.wait_for_standby()
    yield server
    server.close()


@asynccontextmanager
async def working(store: Store) -> AsyncIterator[None]:
    """Let a worker hold the log and do its work meanwhile; it must not end by itself."""
    log, stop = store.log(), asyncio.Event()
    await log.take_epoch()
    worker = asyncio.create_task(store.sequencer(log, store.checkpointer(log, remembers=True)).run(stop))
    yield
    stop.set()
    worker.cancel()
    await asyncio.gather(worker, return_exceptions=True)


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not await asyncio.to_thread(condition):  # noqa: ASYNC110 -- a server gives no event
            await asyncio.sleep(0.05)


async def all_logged(store: Store, count: int) -> None:
    """Wait until the log has its first entry and so many more, and they are signed."""
    async with asyncio.timeout(PATIENCE):
        reader = LogReader(store.engine)
        while await _signed(reader) <= count:  # noqa: ASYNC110 -- a database gives no event
            await asyncio.sleep(0.05)


async def _signed(reader: LogReader) -> int:
    found = await reader.latest_checkpoint()
    return found.size if found else 0


async def ids(store: Store) -> list[str]:
    """The entries after the first, by place."""
    entries = await LogReader(store.engine).entries(range(1_000))
    assert [one.index for one in entries] == list(range(len(entries)))
    return [str(one.id) for one in entries[1:]]


async def test_a_standby_that_is_lost_lets_the_log_wait_and_loses_nothing(
    primary: Primary, standby: Standby, tmp_path: Path
) -> None:
    store = await Store.open(tmp_path, await asyncio.to_thread(primary.create_database))
    await store.begin()
    async with working(store):
        expected = await put(store, 20)
        await all_logged(store, 20)
        await asyncio.to_thread(standby.stop)
        expected |= await put(store, 20)
        await until(primary.commits_waiting)
        signed = await LogReader(store.engine).latest_checkpoint()
        assert signed is not None
        assert (signed.size, await LogReader(store.engine).size()) == (21, 21)
        standby.start()
        await all_logged(store, 40)
    assert sorted(await ids(store)) == sorted(expected)
    await store.close()


async def test_a_standby_that_takes_over_in_the_middle_of_a_commit(
    primary: Primary, standby: Standby, tmp_path: Path
) -> None:
    """The commit was sent and not confirmed when the primary died: nobody knows its outcome."""
    url = await asyncio.to_thread(primary.create_database)
    store = await Store.open(tmp_path, url)
    await store.begin()
    async with working(store):
        expected = await put(store, 20)
        await all_logged(store, 20)
        await asyncio.to_thread(standby.freeze)
        expected |= await put(store, 20)
        await until(primary.commits_waiting)
        before = await LogReader(store.engine).latest_checkpoint()
        primary.kill()
    await store.engine.dispose()
    standby.thaw()
    await asyncio.to_thread(standby.promote)
    address = sa.make_url(url).set(port=standby.port).render_as_string(hide_password=False)
    after = Store.at(tmp_path, address)
    after.signer = store.signer
    async with working(after):
        expected |= await put(after, 5)
        await all_logged(after, len(expected))
    assert sorted(await ids(after)) == sorted(expected)
    await assert_extends(after, before.note if before else "")
    await after.close()
    await store.close()


async def assert_extends(store: Store, kept: str) -> None:
    """What the new server's log signs extends what was signed before the old one died."""
    reader, vkey = LogReader(store.engine), store.signer.vkey
    signed = await reader.latest_checkpoint()
    assert signed is not None
    old, new = (verify_checkpoint(note.encode(), vkey) for note in (kept, signed.note))
    proof = await reader.consistency(old.size, new.size)
    verify_consistency(old.size, new.size, proof, old.root, new.root)
