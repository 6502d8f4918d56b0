"""How far each sink has come, kept beside the log; and what waits for it there."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from audit.database import for_writing
from audit.models import checkpoint, entry, sink_cursor
from audit.sinks.port import Shipment


class State(StrEnum):
    """How a sink does. An alarm stays until a person clears it (audit.following.alarm)."""

    SHIPPING = "shipping"
    BLOCKED = "blocked"
    ALARM = "alarm"


@dataclass(frozen=True, slots=True)
class Position:
    """A sink's cursor: the first index it has not acknowledged, how it does, and why, in one sentence.

    ``alarm_at`` is the size of the signed log when the alarm was raised; only what came later can clear it.
    """

    next_index: int = 0
    state: State = State.SHIPPING
    error: str | None = None
    alarm_at: int | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Lag:
    """What a sink lacks of the signed log: entries, and microseconds since the oldest of them happened."""

    entries: int
    microseconds: int


@dataclass(frozen=True, slots=True)
class Watermark:
    """A sink holds every entry below ``entries``, and so all that was signed until ``time``.

    ``time`` is microseconds UTC, None before the first checkpoint is covered.
    """

    entries: int
    time: int | None


async def read_position(engine: AsyncEngine, sink: str) -> Position:
    """Return the cursor of ``sink``; index 0 for one that never shipped."""
    columns = sink_cursor.c
    wanted = sa.select(columns.next_index, columns.state, columns.error, columns.alarm_at)
    async with engine.connect() as connection:
        row = (await connection.execute(wanted.where(columns.sink == sink))).one_or_none()
    return Position() if row is None else Position(row.next_index, State(row.state), row.error, row.alarm_at)


async def write_position(engine: AsyncEngine, sink: str, position: Position, now: int) -> None:
    """Store the cursor of ``sink``; only the one worker does."""
    values = {
        "next_index": position.next_index,
        "state": str(position.state),
        "error": position.error,
        "alarm_at": position.alarm_at,
        "updated": now,
    }
    async with for_writing(engine).begin() as connection:
        changed = await connection.execute(
            sa.update(sink_cursor).where(sink_cursor.c.sink == sink).values(values)
        )
        if not changed.rowcount:
            await connection.execute(sa.insert(sink_cursor).values(sink=sink, **values))


async def read_signed_size(engine: AsyncEngine) -> int:
    """Return the size of the last signed checkpoint, or 0; sinks get no entry beyond it."""
    async with engine.connect() as connection:
        return await _signed_size(connection)


async def read_batch(engine: AsyncEngine, first: int, limit: int) -> Sequence[Shipment]:
    """Return signed entries from ``first`` on, without a gap, at most ``limit``."""
    columns = entry.c
    wanted = sa.select(columns.index, columns.head, columns.leaf).order_by(columns.index)
    async with engine.connect() as connection:
        size = await _signed_size(connection)
        chosen = wanted.where(columns.index >= first, columns.index < min(size, first + limit))
        rows = (await connection.execute(chosen)).all()
    entries = [Shipment(index, bytes(head), bytes(leaf)) for index, head, leaf in rows]
    if entries and entries[-1].index == first + len(entries) - 1:
        return entries
    return [found for place, found in enumerate(entries) if found.index == first + place]


async def read_entries(engine: AsyncEngine, indexes: Sequence[int]) -> Sequence[Shipment]:
    """Return the entries at ``indexes``, in order; those that the log does not have are left out."""
    columns = entry.c
    wanted = sa.select(columns.index, columns.head, columns.leaf).where(columns.index.in_(indexes))
    async with engine.connect() as connection:
        rows = (await connection.execute(wanted.order_by(columns.index))).all()
    return [Shipment(index, bytes(head), bytes(leaf)) for index, head, leaf in rows]


async def read_lag(engine: AsyncEngine, sink: str, now: int) -> Lag:
    """Return how far ``sink`` is behind the signed log at ``now`` (microseconds)."""
    position = await read_position(engine, sink)
    async with engine.connect() as connection:
        waiting = await _signed_size(connection) - position.next_index
        if waiting <= 0:
            return Lag(0, 0)
        oldest = sa.select(entry.c.time).where(entry.c.index == position.next_index)
        since = await connection.scalar(oldest)
    return Lag(waiting, 0 if since is None else max(0, now - since))


async def read_watermark(engine: AsyncEngine, sink: str) -> Watermark:
    """Return up to where ``sink`` is complete, by the checkpoints that were signed."""
    columns, position = checkpoint.c, await read_position(engine, sink)
    covered = sa.select(columns.size, columns.time).where(columns.size <= position.next_index)
    async with engine.connect() as connection:
        row = (await connection.execute(covered.order_by(columns.size.desc()).limit(1))).one_or_none()
    return Watermark(position.next_index, None if row is None else row.time)


async def _signed_size(connection: AsyncConnection) -> int:
    return await connection.scalar(sa.select(sa.func.max(checkpoint.c.size))) or 0
