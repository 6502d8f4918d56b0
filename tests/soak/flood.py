"""Bad keys and denied calls without end, in real time: few entries, and nobody else has to wait."""

import asyncio
import itertools
import random
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from uuid_utils.compat import uuid7

from audit.models import entry
from console import runtime
from console.installation import migrate_all, stamp
from console.services import Services, build
from console.settings import load_settings
from tests.bench.result import Result, Row
from tests.console.gateway.records import Worker

FULL_SECONDS = 600
PEOPLE = 4
REASONS = ("no_grant", "route_stopped")
SLOWEST_SECONDS = 1.0
MOST_ENTRIES_A_MINUTE = PEOPLE * len(REASONS) * 21 + 260


@dataclass(frozen=True)
class Flooded:
    """What a flood left behind."""

    refusals: int
    minutes: int
    entries: int
    counted: int
    told: int
    slowest: float


def measure(seconds: float = FULL_SECONDS) -> Result:
    """Flood for so long; then say how many entries it made, and how long anybody else waited."""
    found = runtime.run(flood(seconds))
    lost = found.refusals - found.counted - found.told
    most = found.minutes * MOST_ENTRIES_A_MINUTE
    rows = [
        _row("refusals", found.refusals, "", 10_000, lower=False),
        _row("entries of their own, and summaries", found.told + found.entries, "", most),
        _row("refusals neither told nor counted", lost, "", 0),
        _row("slowest refusal of the flood", round(found.slowest, 4), "s", SLOWEST_SECONDS),
    ]
    return Result("flood", rows)


def _row(what: str, value: float, unit: str, floor: float, *, lower: bool = True) -> Row:
    return Row(what, value, unit, [value], floor, lower_is_better=lower)


async def flood(seconds: float = 0.0, refusals: int = 0) -> Flooded:
    """Refuse strangers of a thousand networks, and four people for two reasons, so long and so often."""
    with tempfile.TemporaryDirectory() as folder:
        settings = load_settings(data=Path(folder) / "var")
        await migrate_all(settings)
        services = build(settings)
        try:
            await stamp(services)
            return await _flood(services, seconds, refusals)
        finally:
            await services.close()


async def _flood(services: Services, seconds: float, refusals: int) -> Flooded:
    people, denials = [uuid7() for _ in range(PEOPLE)], services.denials
    began, minutes, told, slowest = time.monotonic(), {services.clock() // 60_000_000}, 0, 0.0
    await denials.start()
    for number in itertools.count(1):
        before = time.perf_counter()
        denials.count_stranger(f"10.{random.randrange(4)}.{number % 250}.7", ["token_invalid"])  # noqa: S311
        told += await denials.admit(people[number % PEOPLE], [REASONS[number % len(REASONS)]]) is None
        slowest = max(slowest, time.perf_counter() - before)
        if number % 50 == 0:
            minutes.add(services.clock() // 60_000_000)
            await asyncio.sleep(0.01)
        if time.monotonic() - began > seconds and 2 * number > refusals:
            break
    minutes.add(services.clock() // 60_000_000)
    await denials.stop()
    await Worker(services).drain()
    reasons = await _summaries(services)
    counted = sum(int(one.rpartition("count:")[2].split('"')[0]) for one in reasons)
    return Flooded(2 * number, len(minutes), len(reasons), counted, told, slowest)


async def _summaries(services: Services) -> list[str]:
    async with services.log.engine.connect() as connection:
        chosen = sa.select(entry.c.head).where(entry.c.action == "denial.summary")
        return [bytes(head).decode() for head in (await connection.execute(chosen)).scalars()]
