"""A sink's alarm: raised by what was found out, kept over everything, cleared by a person's recorded act.

The act is an entry ``sink.update`` with the flag ``clear:NAME``; the worker, which alone writes the cursor,
reads it in the log. With the flag ``again`` beside it everything is shipped once more, from entry 0.
"""

from dataclasses import dataclass, replace
from typing import Final

import orjson
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from audit.event import Outcome
from audit.events import Action
from audit.models import entry
from audit.sinks.cursor import Position, State
from audit.sinks.port import Delivery

AGAIN: Final = "again"


@dataclass(frozen=True, slots=True)
class Clearance:
    """A person has looked into an alarm; ``again``: and wants everything shipped once more."""

    again: bool


def clear_flag(sink: str) -> str:
    """Return the flag of the act that clears the alarm of ``sink``."""
    return f"clear:{sink}"


def raise_alarm(position: Position, sentence: str, size: int) -> Position:
    """Return ``position`` in alarm, at a signed log of ``size``; the first alarm is the one that is shown."""
    if position.state is State.ALARM:
        return position
    return replace(position, state=State.ALARM, error=sentence, alarm_at=size)


def advance(position: Position, delivery: Delivery, sink: str, size: int) -> Position:
    """Return the cursor after ``delivery``: over the acknowledged prefix only, and an alarm is never lost."""
    moved = replace(position, next_index=position.next_index + delivery.acknowledged)
    if delivery.tampered:
        sentence = f"{sink} holds something else than the log as entry {delivery.tampered[0]}."
        moved = raise_alarm(moved, sentence, size)
    if moved.state is State.ALARM:
        return moved
    state = State.BLOCKED if delivery.blocked else State.SHIPPING
    return replace(moved, state=state, error=delivery.blocked)


async def clear(engine: AsyncEngine, sink: str, position: Position) -> Position:
    """Return ``position`` as a person has left it since its alarm; unchanged while nobody has cleared it."""
    if position.state is not State.ALARM:
        return position
    found = await _find_clearance(engine, sink, position.alarm_at or 0)
    if found is None:
        return position
    return Position(0 if found.again else position.next_index)


async def _find_clearance(engine: AsyncEngine, sink: str, since: int) -> Clearance | None:
    columns = entry.c
    acts = sa.select(columns.head).where(
        columns.action == str(Action.SINK_UPDATE),
        columns.outcome == str(Outcome.SUCCESS),
        columns.index >= since,
    )
    async with engine.connect() as connection:
        heads = (await connection.execute(acts.order_by(columns.index.desc()))).scalars().all()
    for head in heads:
        flags = orjson.loads(bytes(head)).get("flags", ())
        if clear_flag(sink) in flags:
            return Clearance(AGAIN in flags)
    return None
