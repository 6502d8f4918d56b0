"""A worker that was stopped past its lease and goes on: no fork, nothing lost, whichever database it is."""

import asyncio
import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import sqlalchemy as sa

from audit import outbox
from audit.checkpoints.checkpoint import FileSigner
from audit.reader import LogReader
from audit.tree import merkle
from tests.audit.exports import records
from tests.audit.log_store import ORIGIN, ROOT, Store, id_of
from tests.faults.injected.told import Told
from tests.patience import PATIENCE

pytestmark = pytest.mark.slow

# Of this database only: others are served beside it.
HELD = """
FROM pg_locks WHERE locktype = 'advisory' AND granted
AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
# It waits until the process that held the lock has ended.
TERMINATE = f"SELECT pg_terminate_backend(pid, 60000) {HELD}"
BUSY = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle'
"""


@dataclass
class Process:
    """A worker process, and what it tells."""

    child: subprocess.Popen[bytes]
    folder: Path

    def told(self, word: str) -> list[str]:
        path = self.folder / f"told.{self.child.pid}"
        return Told.open(path).lines(word) if path.exists() and path.stat().st_size else []

    def send(self, number: signal.Signals) -> None:
        os.kill(self.child.pid, number)


@dataclass
class Place:
    """Where a log lies, and what is put into its outbox."""

    store: Store
    url: str | None

    async def begin(self) -> None:
        self.store.signer = FileSigner.load_or_create(self.store.folder / "log.key", ORIGIN)
        await self.store.begin()

    async def put(self, count: int) -> set[str]:
        made = records(count)
        async with self.store.main.write() as session:
            for record in made:
                await outbox.append(session, record)
        return {str(id_of(record)) for record in made}

    @contextlib.contextmanager
    def worker(self) -> Iterator[Process]:
        words = [sys.executable, "-m", "tests.audit.faults.worker_process", str(self.store.folder)]
        with subprocess.Popen([*words, *([self.url] if self.url else [])], cwd=ROOT) as child:
            try:
                yield Process(child, self.store.folder)
            finally:
                child.kill()

    async def stop(self, process: Process) -> None:
        """Stop a worker between two transactions: what one holds back is another test's subject."""
        async with asyncio.timeout(PATIENCE):
            while True:
                process.send(signal.SIGSTOP)
                await asyncio.to_thread(os.waitid, os.P_PID, process.child.pid, os.WSTOPPED)
                if await self.is_at_rest():
                    return
                process.send(signal.SIGCONT)
                await asyncio.sleep(0.01)

    async def is_at_rest(self) -> bool:
        if self.url is not None:
            async with self.store.engine.connect() as connection:
                return await connection.scalar(sa.text(BUSY)) == 0
        return all(map(is_free, (self.store.folder / "log.db", self.store.folder / "guildhall.db")))

    async def lose_lease(self) -> None:
        """What a server's failover does to an advisory lock, and a lost file to a lock on it."""
        if self.url is None:
            (self.store.folder / "log.lease").unlink()
            return
        async with self.store.engine.begin() as connection:
            await connection.execute(sa.text(TERMINATE))

    async def wait_until_lease_is_free(self) -> None:
        """A server notices that a client was killed when it next looks, the kernel at once."""
        if self.url is None:
            return
        async with asyncio.timeout(PATIENCE), self.store.engine.connect() as connection:
            while await connection.scalar(sa.text(f"SELECT count(*) {HELD}")):  # noqa: ASYNC110 -- nor a server
                await asyncio.sleep(0.02)


def is_free(database: Path) -> bool:
    with contextlib.closing(sqlite3.connect(database, timeout=0)) as connection:
        try:
            connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError:
            return False
        connection.rollback()
    return True


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.real)])
async def place(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Place]:
    url = request.getfixturevalue("postgres_database")() if request.param == "postgresql" else None
    place = Place(await Store.open(tmp_path, url, url), url)
    await place.begin()
    yield place
    await place.store.close()


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 -- another process gives no event
            await asyncio.sleep(0.02)


async def test_a_worker_stopped_past_its_lease_forks_and_loses_nothing(place: Place) -> None:
    expected = await place.put(200)
    with place.worker() as first:
        await until(lambda: first.told("signed"))
        await place.stop(first)
        expected |= await place.put(200)
        await place.lose_lease()
        with place.worker() as second:
            await until(lambda: second.told("signed"))
            expected |= await place.put(200)
            first.send(signal.SIGCONT)
            await until(lambda: first.child.poll() is not None)
            size = len(expected) + 1
            await until(lambda: any(line.startswith(f"{size} ") for line in second.told("signed")))
            second.send(signal.SIGTERM)
            await until(lambda: second.child.poll() is not None)
    assert (first.told("end"), second.told("end")) == (["stale"], ["ended"])
    await assert_one_history(place, expected, first.told("signed") + second.told("signed"))


async def test_a_worker_whose_lease_is_gone_ends_though_nothing_waits(place: Place) -> None:
    await place.put(50)
    with place.worker() as first:
        await until(lambda: first.told("signed"))
        await place.stop(first)
        await place.lose_lease()
        with place.worker() as second:
            await until(lambda: second.told("holds"))
            first.send(signal.SIGCONT)
            await until(lambda: first.told("end"))
    assert first.told("end") == ["stale"]


async def test_while_the_lease_is_held_another_worker_stays_outside(place: Place) -> None:
    with place.worker() as first:
        await until(lambda: first.told("holds"))
        await place.stop(first)
        with place.worker() as second:
            await until(lambda: second.child.poll() is not None)
        assert second.told("end") == ["taken"]


async def test_a_worker_killed_with_its_lease_held_frees_it(place: Place) -> None:
    expected = await place.put(50)
    with place.worker() as first:
        await until(lambda: first.told("signed"))
        first.send(signal.SIGKILL)
        first.child.wait()
    await place.wait_until_lease_is_free()
    expected |= await place.put(50)
    with place.worker() as second:
        await until(lambda: any(line.startswith("101 ") for line in second.told("signed")))
    await assert_one_history(place, expected, first.told("signed") + second.told("signed"))


async def assert_one_history(place: Place, expected: set[str], signed: list[str]) -> None:
    """Every record is in the log once, and every tree that was ever signed is its beginning."""
    entries = await LogReader(place.store.engine).entries(range(100_000))
    assert [one.index for one in entries] == list(range(len(entries)))
    logged = [str(one.id) for one in entries[1:]]
    assert (len(logged), set(logged)) == (len(expected), expected)
    leaves = [one.leaf for one in entries]
    for size, root in map(str.split, signed):
        assert merkle.root(leaves[: int(size)]).hex() == root
