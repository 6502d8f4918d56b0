"""Hands the signed log to one sink, in order, from where it stopped; each sink has a shipper of its own.

The cursor advances over what the sink acknowledged without a gap and over nothing else. A batch of unknown
outcome is handed over again: sinks are idempotent. A sink that lost entries says so when pinged, and
gets them again.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncEngine

from audit.sinks.cursor import (
    Lag,
    Position,
    State,
    read_batch,
    read_lag,
    read_position,
    read_signed_size,
    write_position,
)
from audit.sinks.port import Delivery, Shipment, Sink

logger = logging.getLogger(__name__)

Clock = Callable[[], int]
"""Returns now in integer microseconds since 1970-01-01 UTC."""

Report = Callable[[str, Delivery], Awaitable[None]]
"""Told, with the sink's name, of quarantined or tampered entries, before the cursor passes them."""

BATCH = 500
IDLE = 0.25
FIRST_PAUSE = 0.25
LONGEST_PAUSE = 30.0
PATIENCE = 120.0


class Shipper:
    """Ships to one sink.

    Args:
        engine: the log's.
        sink: where to; closed by who opened it.
        clock: for the cursor's time of change and the lag.
        report: told of quarantine and alarms.
        batch: entries handed over at once.
        longest_pause: seconds between two attempts at a sink that takes nothing.
        patience: seconds until a delivery counts as unanswered.
    """

    def __init__(
        self,
        engine: AsyncEngine,
        sink: Sink,
        clock: Clock,
        *,
        report: Report | None = None,
        batch: int = BATCH,
        longest_pause: float = LONGEST_PAUSE,
        patience: float = PATIENCE,
    ) -> None:
        self._engine = engine
        self._sink = sink
        self._clock = clock
        self._report = report
        self._batch = batch
        self._longest_pause = longest_pause
        self._patience = patience
        self._aligned = False

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
        position = stored if self._aligned else await self._align(stored)
        entries = await read_batch(self._engine, position.next_index, self._batch)
        delivery = await self._deliver(entries) if entries else await self._explain_nothing(position)
        if self._report and (delivery.quarantined or delivery.tampered):
            await self._report(self._sink.name, delivery)
        after = advance(position, delivery, self._sink.name)
        if after != stored:
            await write_position(self._engine, self._sink.name, after, self._clock())
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
            return replace(position, next_index=max(0, position.next_index - health.again))
        if health.next_index > await read_signed_size(self._engine):
            sentence = f"{self._sink.name} holds entry {health.next_index - 1}, which the log does not have."
            return replace(position, state=State.ALARM, error=position_alarm(position) or sentence)
        if health.next_index < position.next_index:
            logger.warning("%s lost entries: shipping again from %d.", self._sink.name, health.next_index)
            return replace(position, next_index=health.next_index)
        return position

    async def _deliver(self, entries: Sequence[Shipment]) -> Delivery:
        try:
            async with asyncio.timeout(self._patience):
                return await self._sink.deliver(entries)
        except TimeoutError:
            return Delivery(0, blocked=f"{self._sink.name} did not answer in {self._patience:g} s.")

    async def _explain_nothing(self, position: Position) -> Delivery:
        if await read_signed_size(self._engine) <= position.next_index:
            return Delivery(0)
        return Delivery(0, blocked=f"Entry {position.next_index} is missing from the log itself.")


def advance(position: Position, delivery: Delivery, sink: str) -> Position:
    """Return the cursor after ``delivery``: over the acknowledged prefix only, and an alarm is never lost."""
    alarm = position_alarm(position)
    if delivery.tampered:
        alarm = alarm or f"{sink} holds something else than the log as entry {delivery.tampered[0]}."
    state = State.ALARM if alarm else State.BLOCKED if delivery.blocked else State.SHIPPING
    return Position(position.next_index + delivery.acknowledged, state, alarm or delivery.blocked)


def position_alarm(position: Position) -> str | None:
    """Return the alarm a cursor carries, or None."""
    return position.error if position.state is State.ALARM else None


async def wait(stop: asyncio.Event, seconds: float) -> None:
    """Return after ``seconds``, or as soon as ``stop`` is set."""
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        return
