"""Hands the signed log to one sink, in order, from where it stopped; each sink has a shipper of its own.

The cursor advances over what the sink acknowledged without a gap and over nothing else. A batch of unknown
outcome is handed over again: sinks are idempotent. A sink that lost entries says so when pinged, and
gets them again. At most two batches are in memory, however long a sink is away.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Final

from sqlalchemy.ext.asyncio import AsyncEngine

from audit.following.alarm import advance, clear, raise_alarm
from audit.following.echoes import without_echoes
from audit.sinks.cursor import (
    Lag,
    Position,
    read_batch,
    read_lag,
    read_position,
    read_signed_size,
    write_position,
)
from audit.sinks.port import Bulky, Delivery, Shipment, Sink

logger = logging.getLogger(__name__)

Clock = Callable[[], int]
"""Returns now in integer microseconds since 1970-01-01 UTC."""

Report = Callable[[str, Delivery], Awaitable[None]]
"""Told, with the sink's name, of quarantined or tampered entries, before the cursor passes them."""

Compare = Callable[[int], Awaitable[str | None]]
"""Compares a sink that has so many entries with the log; returns one sentence for an alarm, or None."""

Tell = Callable[[Sequence[Shipment]], Awaitable[Sequence[Shipment]]]
"""Adds to entries the details that the sink may have just now; asked just before they are handed over."""

BATCH: Final = 500
IDLE: Final = 0.25
FIRST_PAUSE: Final = 0.25
LONGEST_PAUSE: Final = 5.0
PATIENCE: Final = 120.0


class Shipper:
    """Ships to one sink.

    Args:
        engine: the log's.
        sink: where to; closed by who opened it.
        clock: for the cursor's time of change and the lag.
        report: told of quarantine and alarms.
        compare: asked when the sink has everything; says itself when it is due.
        tell: adds what the sink may have beside the heads; by default nothing.
        batch: entries handed over at once; by default what the sink likes best.
        longest_pause: seconds between two attempts at a sink that takes nothing.
        patience: seconds until a delivery counts as unanswered; the next one is half as large.
    """

    def __init__(
        self,
        engine: AsyncEngine,
        sink: Sink,
        clock: Clock,
        *,
        report: Report | None = None,
        compare: Compare | None = None,
        tell: Tell | None = None,
        batch: int | None = None,
        longest_pause: float = LONGEST_PAUSE,
        patience: float = PATIENCE,
    ) -> None:
        self._engine = engine
        self._sink = sink
        self._clock = clock
        self._report = report
        self._tell = tell
        self._compare = compare
        self._batch = batch or (sink.batch if isinstance(sink, Bulky) else BATCH)
        self._limit = self._batch
        self._longest_pause = longest_pause
        self._patience = patience
        self._aligned = False
        self._went_back = False
        self._ahead: Sequence[Shipment] = ()

    async def run(self, stop: asyncio.Event) -> None:
        """Ship until ``stop`` is set; whatever fails is tried again, with longer and longer pauses."""
        pause = 0.0
        while not stop.is_set():
            pause = await self._ship_and_rest(pause)
            if pause:
                await wait(stop, pause)

    async def ship(self) -> Delivery:
        """Hand over one batch and store the outcome; nothing is acknowledged when nothing waits."""
        stored = await read_position(self._engine, self._sink.name)
        position = await clear(self._engine, self._sink.name, stored)
        position = position if self._aligned else await self._align(position)
        entries = await self._take(position.next_index)
        delivery = await self._deliver(entries) if entries else await self._explain_nothing(position)
        if self._report and (told := without_echoes(delivery, entries)):
            await self._report(self._sink.name, told)
        size = await read_signed_size(self._engine) if delivery.tampered else 0
        after = advance(position, delivery, self._sink.name, size)
        if delivery == Delivery(0):
            after = await self._look(after)
        if after != stored:
            await write_position(self._engine, self._sink.name, after, self._clock())
        # Only now is it stored that we went back; a step that failed before this goes back anew.
        self._went_back = not (self._aligned or delivery.acknowledged or delivery.blocked is None)
        self._aligned = delivery.blocked is None
        return delivery

    async def lag(self) -> Lag:
        """Return how far the sink is behind the signed log."""
        return await read_lag(self._engine, self._sink.name, self._clock())

    async def _ship_and_rest(self, pause: float) -> float:
        """Ship once and return how many seconds to wait, given the last pause."""
        try:
            delivery = await self.ship()
        except Exception:  # a follower that gave up for good would be a silent gap
            logger.exception("Shipping to %s failed.", self._sink.name)
            self._aligned = False
        else:
            if delivery.blocked is None:
                return 0.0 if delivery.acknowledged else IDLE
            logger.warning("Shipping to %s waits: %s", self._sink.name, delivery.blocked)
        return min(max(FIRST_PAUSE, pause * 2), self._longest_pause)

    async def _align(self, position: Position) -> Position:
        """Go back to what the sink really holds: it may be another, empty one, or restored from a copy."""
        health = await self._sink.ping()
        if health.next_index is None:
            # Once in each doubt: an outage of many attempts would else lead back to entry 0.
            again = 0 if self._went_back else health.again
            return replace(position, next_index=max(0, position.next_index - again))
        size = await read_signed_size(self._engine)
        if health.next_index > size:
            sentence = f"{self._sink.name} holds entry {health.next_index - 1}, which the log does not have."
            return raise_alarm(position, sentence, size)
        if health.next_index < position.next_index:
            logger.warning("%s lost entries: shipping again from %d.", self._sink.name, health.next_index)
            return replace(position, next_index=health.next_index)
        return position

    async def _take(self, first: int) -> Sequence[Shipment]:
        """Return the entries from ``first`` on, those read ahead if they are these."""
        ahead, self._ahead = self._ahead, ()
        if ahead and ahead[0].index == first:
            return ahead[: self._limit]
        return await read_batch(self._engine, first, self._limit)

    async def _deliver(self, entries: Sequence[Shipment]) -> Delivery:
        """Hand over ``entries``, and read the next ones meanwhile."""
        reading = asyncio.create_task(self._read_ahead(entries))
        try:
            async with asyncio.timeout(self._patience):
                told = await self._tell(entries) if self._tell else entries
                delivery = await self._sink.deliver(told)
        except TimeoutError:
            self._limit = max(1, self._limit // 2)
            delivery = Delivery(0, blocked=f"{self._sink.name} did not answer in {self._patience:g} s.")
        else:
            self._limit = min(self._batch, self._limit * 2)
        finally:
            self._ahead = await reading
        return delivery

    async def _read_ahead(self, entries: Sequence[Shipment]) -> Sequence[Shipment]:
        if len(entries) < self._limit:
            return ()
        return await read_batch(self._engine, entries[-1].index + 1, self._limit)

    async def _explain_nothing(self, position: Position) -> Delivery:
        if await read_signed_size(self._engine) <= position.next_index:
            return Delivery(0)
        if await read_batch(self._engine, position.next_index, 1):
            return Delivery(0)  # it was signed since we looked for it
        return Delivery(0, blocked=f"Entry {position.next_index} is missing from the log itself.")

    async def _look(self, position: Position) -> Position:
        """Compare a sink that has everything with the log, when that is due."""
        sentence = await self._compare(position.next_index) if self._compare else None
        if sentence is None:
            return position
        return raise_alarm(position, sentence, await read_signed_size(self._engine))


async def wait(stop: asyncio.Event, seconds: float) -> None:
    """Return after ``seconds``, or as soon as ``stop`` is set."""
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        return
