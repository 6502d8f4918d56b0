"""A follower that takes one document a second, while a thousand calls a second are written down.

Nobody waits for it: intents are acknowledged as without it, the log keeps up, memory stays bounded.
"""

import asyncio
import statistics
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from audit.event import Outcome
from audit.events import Action
from audit.fold import CallOutcome
from audit.following.shipper import Shipper
from audit.models import entry
from audit.reader import LogReader
from audit.record import Record
from audit.sinks.port import Delivery, Shipment
from audit.spool.writer import SpoolWriter
from console import runtime
from console.clock import system_clock
from tests.audit.exports import records
from tests.audit.log_store import Store, a_record
from tests.audit.sinks.shelf import Shelf
from tests.bench.result import ROOT, Result, Row
from tests.faults.elasticsearch_down import resident

FULL_SECONDS = 600
A_SECOND = 1_000
AT_ONCE = 20
MOST_MEMORY = 60.0
SLOWER = 1.5
PATIENCE = 60.0


class Slow(Shelf):
    """Takes one document a second."""

    async def deliver(self, entries: Sequence[Shipment]) -> Delivery:
        await asyncio.sleep(1)
        return await super().deliver(entries[:1])


@dataclass(frozen=True)
class Load:
    """What the calls met: written, milliseconds each intent waited, how many came into the log, MiB grown."""

    written: int
    waits: Sequence[float]
    logged: int
    grown: float


def measure(seconds: float = FULL_SECONDS) -> Result:
    """Write calls for a tenth of the time without the follower, then for all of it with it."""
    alone, slow = runtime.run(_both(seconds))
    before, after = (statistics.quantiles(one.waits, n=100)[98] for one in (alone, slow))
    return Result(
        "slow-sink",
        [
            _row("intents", slow.written, "", seconds * A_SECOND * 0.9, lower=False),
            _row("p99 of an intent without the follower", round(before, 2), "ms", None),
            _row("p99 of an intent with it", round(after, 2), "ms", None),
            _row("with it, of without", round(after / before, 2), "ratio", SLOWER),
            _row("calls lost or doubled, a minute after", abs(slow.written - slow.logged), "", 0),
            _row("memory grown", round(slow.grown, 1), "MiB", MOST_MEMORY),
        ],
    )


def _row(what: str, value: float, unit: str, floor: float | None, *, lower: bool = True) -> Row:
    return Row(what, value, unit, [value], floor, lower_is_better=lower)


async def _both(seconds: float) -> tuple[Load, Load]:
    folder = ROOT / "var" / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        store = await Store.open(Path(scratch))
        store.clock.now = system_clock()
        worker, stop = store.sequencer(await store.begin()), asyncio.Event()
        working = asyncio.create_task(worker.run(stop))
        alone = await _write(store, seconds / 10)
        shipping = asyncio.create_task(Shipper(store.engine, Slow(), system_clock).run(stop))
        slow = await _write(store, seconds)
        stop.set()
        shipping.cancel()
        with suppress(asyncio.CancelledError):
            await shipping
        await working
        await store.close()
    return alone, slow


async def _write(store: Store, seconds: float) -> Load:
    """Write a thousand calls a second, each intent acknowledged, and wait until all are in the log."""
    reader, writer = LogReader(store.engine), SpoolWriter.open(store.spools, "gateway")
    size, before, template = await reader.size(), resident(), a_record(time=system_clock())
    due, waits = time.monotonic(), list[float]()
    end = due + seconds
    while due < end:
        waits += await asyncio.gather(*(_call(writer, one) for one in records(AT_ONCE, template)))
        due += AT_ONCE / A_SECOND
        await asyncio.sleep(max(0.0, due - time.monotonic()))
    most = resident()
    await writer.close()
    with suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE):
            while await reader.size() < size + len(waits):  # noqa: ASYNC110 -- a database gives no event
                await asyncio.sleep(0.1)
    return Load(len(waits), waits, await _calls(store, size), most - before)


async def _calls(store: Store, since: int) -> int:
    """Count the calls in the log from an index on: the log has entries of its own beside them."""
    counted = sa.select(sa.func.count()).where(entry.c.index >= since, entry.c.outcome == Outcome.SUCCESS)
    calls = counted.where(entry.c.action == Action.MODEL_INVOKE)
    async with store.engine.connect() as connection:
        return int((await connection.execute(calls)).scalar_one())


async def _call(writer: SpoolWriter, record: Record) -> float:
    """Write a call; return the milliseconds until its intent was durable."""
    began = time.perf_counter()
    number = await writer.append_durable(record.to_bytes())
    waited = time.perf_counter() - began
    writer.append_outcome(number, CallOutcome(outcome=Outcome.SUCCESS, ended=system_clock()).to_bytes())
    return waited * 1_000
