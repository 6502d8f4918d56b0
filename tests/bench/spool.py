"""How much of the disk's speed the spool keeps: durable intents against a raw write and `fdatasync` loop."""

import asyncio
import os
import tempfile
import time
from pathlib import Path

from audit.spool.writer import SpoolWriter
from console import runtime
from tests.bench.result import ROOT, Result, Row, median_row

ROUNDS = 15
SECONDS = 0.3
INTENT = os.urandom(900)
CALLERS = 64


def measure() -> Result:
    """Alternate the loops round by round, so that a slow moment of the disk meets both."""
    folder = ROOT / "var" / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    rates: dict[str, list[float]] = {"raw": [], "one": [], "many": []}
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        for number in range(ROUNDS):
            place = Path(scratch) / str(number)
            rates["raw"].append(raw_loop(place))
            rates["one"].append(runtime.run(spool(place, callers=1)))
            rates["many"].append(runtime.run(spool(place, callers=CALLERS)))
    return Result("spool", _rows(rates))


def raw_loop(place: Path) -> float:
    """Return writes a second, each made durable alone: what the disk gives to one honest caller."""
    place.mkdir()
    descriptor = os.open(place / "raw", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    done, began = 0, time.perf_counter()
    while time.perf_counter() - began < SECONDS:
        os.write(descriptor, INTENT)
        os.fdatasync(descriptor)
        done += 1
    spent = time.perf_counter() - began
    os.close(descriptor)
    return done / spent


async def spool(place: Path, callers: int) -> float:
    """Return intents a second that so many callers saw acknowledged as durable."""
    writer = SpoolWriter.open(place, f"bench-{callers}")
    began = time.perf_counter()
    counts = await asyncio.gather(*(_caller(writer, began + SECONDS) for _ in range(callers)))
    spent = time.perf_counter() - began
    await writer.close()
    return sum(counts) / spent


async def _caller(writer: SpoolWriter, until: float) -> int:
    done = 0
    while time.perf_counter() < until:
        await writer.append_durable(INTENT)
        done += 1
    return done


def _rows(rates: dict[str, list[float]]) -> list[Row]:
    alone = [one / raw for one, raw in zip(rates["one"], rates["raw"], strict=True)]
    together = [many / raw for many, raw in zip(rates["many"], rates["raw"], strict=True)]
    return [
        median_row("raw write and fdatasync, one caller", "1/s", rates["raw"]),
        median_row("durable intents, one caller", "1/s", rates["one"]),
        median_row(f"durable intents, {CALLERS} callers", "1/s", rates["many"]),
        median_row("one caller, of the raw loop", "ratio", alone, floor=0.3, aim=0.9),
        median_row(f"{CALLERS} callers, of the raw loop", "ratio", together, floor=4, aim=20),
    ]
