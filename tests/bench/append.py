"""How much of the bare driver's speed the log keeps, from records in the spool to the signed checkpoint.

Each round spools calls, drains them and signs as often as in production, and at its end, then puts the very
same rows into a twin of the log by the driver alone, in the same batches: no head, no tree, no progress, no
signature. On PostgreSQL each side begins behind a checkpoint of the database: else the one that comes later
writes out the pages that the other left in memory, and the figures are of two kinds.
"""

import contextlib
import sqlite3
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import asyncpg

from audit.columns import Columns
from audit.database import LOG_SCHEMA, set_pragmas
from audit.entry_rows import Pending
from audit.log import Log, More
from audit.placed import BODY_COLUMNS, ENTRY_COLUMNS, Placed
from audit.sequencer import Sequencer
from audit.spool.progress import Progress
from console import runtime
from tests.audit.log_store import Store
from tests.bench.gateway_calls import CALLERS, Produced, now, produce
from tests.bench.postgres import DurablePostgres
from tests.bench.result import ROOT, Result, Row, median_row

ROUNDS = 15
CALLS = 100_000

TABLES = (("entry", ENTRY_COLUMNS), ("body", BODY_COLUMNS))

Rows = Sequence[Sequence[Any]]


class Bare(Protocol):
    """The driver alone, on the log and on its twin."""

    async def read(self, batch: range) -> tuple[Rows, Rows]:
        """Return the log's rows of entries and bodies."""

    async def insert(self, entries: Rows, bodies: Rows) -> None:
        """Put one batch of rows into the twin, durable when this returns."""

    async def write_out(self) -> None:
        """Have the database write out what earlier work left in its memory."""

    def processor(self) -> float:
        """Return the seconds of processor time that the database's own processes have used."""


@dataclass
class Measured:
    """One round."""

    produced: Produced
    ours: float
    ours_processor: float
    folding_processor: float
    database_processor: float
    bare: float


@dataclass
class CountedLog:
    """A log that remembers which indexes each append gave."""

    log: Log
    batches: list[range] = field(default_factory=list)

    async def append(
        self, waiting: Sequence[Pending | Placed], progress: Progress | None, folded: Columns, more: More
    ) -> range:
        self.batches.append(await self.log.append(waiting, progress, folded, more))
        return self.batches[-1]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.log, name)


def measure_sqlite() -> Result:
    """Compare with sqlite3's executemany."""
    return Result("append-sqlite", rows(runtime.run(_on_sqlite()), "sqlite3 executemany", aim=0.9))


def measure_postgresql() -> Result:
    """Compare with asyncpg's COPY."""
    return Result("append-postgresql", rows(runtime.run(_on_postgresql()), "asyncpg COPY", aim=0.85))


async def _on_sqlite() -> list[Measured]:
    with _scratch() as scratch:
        twin = Path(scratch) / "twin"
        twin.mkdir()
        await (await Store.open(twin)).close()
        async with _store(Path(scratch), None) as store:
            return await _rounds(store, BareSqlite(store.folder / "log.db", twin / "log.db"))


async def _on_postgresql() -> list[Measured]:
    server = DurablePostgres()
    server.start()
    try:
        with _scratch() as scratch:
            twin = Path(scratch) / "twin"
            twin.mkdir()
            ours, theirs = server.create_database(), server.create_database()
            await (await Store.open(twin, theirs)).close()
            async with _store(Path(scratch), ours) as store, BarePostgres.open(server, ours, theirs) as bare:
                return await _rounds(store, bare)
    finally:
        server.close()


def _scratch() -> tempfile.TemporaryDirectory[str]:
    folder = ROOT / "var" / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    return tempfile.TemporaryDirectory(dir=folder)


@asynccontextmanager
async def _store(folder: Path, url: str | None) -> AsyncIterator[Store]:
    store = await Store.open(folder, url)
    yield store
    await store.close()


async def _rounds(store: Store, bare: Bare) -> list[Measured]:
    log = await store.begin()
    counted = CountedLog(log)
    checkpointer = store.checkpointer(log, remembers=True)
    worker = Sequencer(store.main, counted, store.spools, checkpointer, now)  # type: ignore[arg-type]
    with contextlib.closing(worker):
        measured = [await _round(store, counted, worker, bare) for _ in range(ROUNDS + 1)]
    return measured[1:]  # the first warms up


async def _round(store: Store, log: CountedLog, worker: Sequencer, bare: Bare) -> Measured:
    produced = await produce(store.spools, CALLS)
    log.batches.clear()
    await bare.write_out()
    began, used, theirs = time.perf_counter(), _processors(worker), bare.processor()
    while sum(map(len, log.batches)) < CALLS:
        await worker.run_once()
    await worker.sign()  # within the round, whatever the interval of production left unsigned
    ours = time.perf_counter() - began
    logging, folding = (now - before for now, before in zip(_processors(worker), used, strict=True))
    database = bare.processor() - theirs
    while await worker.run_once():  # the spool ends
        pass
    return Measured(produced, ours, logging, folding, database, await _bare_round(log, bare))


def _processors(worker: Sequencer) -> tuple[float, float]:
    """Return the seconds of processor time that this process and the worker's folding one have used."""
    child = worker.folds_in
    # clock_getcpuclockid(3): the clock of another process, to the nanosecond.
    return time.process_time(), time.clock_gettime((~child << 3) | 2) if child else 0.0


async def _bare_round(log: CountedLog, bare: Bare) -> float:
    rows = [await bare.read(batch) for batch in log.batches if batch]
    await bare.write_out()
    began = time.perf_counter()
    for entries, bodies in rows:
        await bare.insert(entries, bodies)
    return time.perf_counter() - began


class BareSqlite:
    """sqlite3, with the settings that the log's own connections have."""

    def __init__(self, ours: Path, twin: Path) -> None:
        self._ours = sqlite3.connect(ours, isolation_level=None)
        self._twin = sqlite3.connect(twin, isolation_level=None)
        set_pragmas(self._twin, None)

    async def read(self, batch: range) -> tuple[Rows, Rows]:
        """Return the rows of these indexes."""
        chosen = 'WHERE "index" BETWEEN ? AND ? ORDER BY "index"'
        found = [
            self._ours.execute(f"SELECT {_names(columns)} FROM {table} {chosen}", (batch[0], batch[-1]))  # noqa: S608
            for table, columns in TABLES
        ]
        entries, bodies = (cursor.fetchall() for cursor in found)
        return entries, bodies

    async def insert(self, entries: Rows, bodies: Rows) -> None:
        """Insert a batch in one transaction."""
        self._twin.execute("BEGIN IMMEDIATE")
        for (table, columns), put in zip(TABLES, (entries, bodies), strict=True):
            values = ", ".join("?" * len(columns))
            self._twin.executemany(f"INSERT INTO {table} ({_names(columns)}) VALUES ({values})", put)  # noqa: S608
        self._twin.execute("COMMIT")

    async def write_out(self) -> None:
        """Do nothing: it does so by itself, a little at each commit."""

    def processor(self) -> float:
        """There is no other process."""
        return 0.0


class BarePostgres:
    """asyncpg, on the same server."""

    def __init__(self, server: DurablePostgres, ours: Any, twin: Any) -> None:
        self._server, self._ours, self._twin = server, ours, twin

    @classmethod
    @asynccontextmanager
    async def open(cls, server: DurablePostgres, ours: str, twin: str) -> AsyncIterator["BarePostgres"]:
        """Connect to both databases."""
        settings = {"search_path": LOG_SCHEMA}
        addresses = [url.replace("+asyncpg", "") for url in (ours, twin)]
        both = [await asyncpg.connect(address, server_settings=settings) for address in addresses]
        yield cls(server, *both)
        for one in both:
            await one.close()

    async def read(self, batch: range) -> tuple[Rows, Rows]:
        """Return the rows of these indexes."""
        chosen = 'WHERE "index" BETWEEN $1 AND $2 ORDER BY "index"'
        entries, bodies = [
            await self._ours.fetch(f"SELECT {_names(columns)} FROM {table} {chosen}", batch[0], batch[-1])  # noqa: S608
            for table, columns in TABLES
        ]
        return [tuple(row) for row in entries], [tuple(row) for row in bodies]

    async def insert(self, entries: Rows, bodies: Rows) -> None:
        """Insert a batch in one transaction."""
        async with self._twin.transaction():
            for (table, columns), put in zip(TABLES, (entries, bodies), strict=True):
                await self._twin.copy_records_to_table(table, records=put, columns=columns)

    async def write_out(self) -> None:
        """Have the server make a checkpoint."""
        await self._twin.execute("CHECKPOINT")

    def processor(self) -> float:
        """Return what all processes of the server have used."""
        return self._server.processor()


def _names(columns: Sequence[str]) -> str:
    return ", ".join(f'"{column}"' for column in columns)


def rows(measured: Sequence[Measured], driver: str, aim: float) -> list[Row]:
    """Return the rows of the result."""
    ratios = [one.bare / one.ours for one in measured]
    producing = [one.produced.processor / CALLS * 1e6 for one in measured]
    logging = [one.ours_processor / CALLS * 1e6 for one in measured]
    folding = [one.folding_processor / CALLS * 1e6 for one in measured]
    database = [one.database_processor / CALLS * 1e6 for one in measured]
    whole = [sum(parts) for parts in zip(producing, folding, logging, database, strict=True)]
    return [
        median_row("from the spool to the checkpoint, calls", "1/s", [CALLS / one.ours for one in measured]),
        median_row(f"the same rows by {driver}", "1/s", [CALLS / one.bare for one in measured]),
        median_row(f"ours, of {driver}", "ratio", ratios, floor=0.7, aim=aim),
        median_row(
            "processor time of a call, all processes", "us", whole, floor=80, aim=50, lower_is_better=True
        ),
        median_row("of it sealing and spooling", "us", producing),
        median_row("of it folding, in a process of its own", "us", folding),
        median_row("of it logging, signing, the embedded database", "us", logging),
        median_row("of it the database server's processes", "us", database),
        median_row(
            f"intents acknowledged, {CALLERS} callers",
            "1/s",
            [CALLS / one.produced.seconds for one in measured],
        ),
    ]
