"""What the worker adds to a pass over the spools before it is logged: censuses answered, ends judged."""

from collections.abc import Iterator, Mapping
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from audit.checks.census import Route, count_logged, count_waiting, read_census
from audit.errors import AuditError
from audit.events import Action
from audit.models import entry
from audit.placed import ENTRY_COLUMNS, Placed
from audit.record import Record
from audit.spool.drain import CENSUS_UNKNOWN, Batch
from audit.spool.progress import CallKey, OpenCall

NO_CLOSE: Final = "no_close"
# The columns of a placed entry begin behind `index`.
_PLACES: Final = [ENTRY_COLUMNS.index(name) - 1 for name in ("producer", "number", "action", "resource_id")]


async def complete(connection: AsyncConnection, batch: Batch, calls: Mapping[CallKey, OpenCall]) -> None:
    """Answer the censuses of ``batch``, and report the producers in it that ended without saying so.

    ``calls`` are those that were open before this pass.
    """
    if batch.censuses:
        waiting = [*_pending(batch), *_open(batch, calls)]
        for producer, ordinal, record in batch.censuses:
            await _answer(connection, batch, waiting, (producer, ordinal, record))
    for producer in batch.ended:
        if await _began_and_never_ended(connection, producer):
            batch.report(producer, NO_CLOSE, CENSUS_UNKNOWN)


async def _answer(
    connection: AsyncConnection,
    batch: Batch,
    waiting: list[tuple[str, int, str, Route]],
    asked: tuple[str, int, bytes],
) -> None:
    producer, ordinal, record = asked
    try:
        census = read_census(Record.from_bytes(record))
    except (AuditError, ValueError):
        batch.report(producer, f"unreadable_record:{ordinal}")
        return
    counted = await count_logged(connection, producer, census.numbers)
    counted += count_waiting(waiting, producer, census.numbers)
    batch.add(census.answered(counted, batch.now), producer, ordinal)


async def _began_and_never_ended(connection: AsyncConnection, producer: str) -> bool:
    """Say whether a producer's first entry says that it began and its last one is no end."""
    chosen = sa.select(entry.c.action).where(entry.c.producer == producer)
    first = await connection.scalar(chosen.order_by(entry.c.number).limit(1))
    last = await connection.scalar(chosen.order_by(entry.c.number.desc()).limit(1))
    return first == Action.PRODUCER_OPEN.value and last != Action.PRODUCER_CLOSE.value


def _pending(batch: Batch) -> Iterator[tuple[str, int, str, Route]]:
    for columns in batch.folded:
        for producer, number, action, route in zip(*(columns.values[at] for at in _PLACES), strict=True):
            yield str(producer), _int(number), str(action), _uuid(route)
    for one in batch.pending:
        if isinstance(one, Placed):
            producer, number, action, route = (one.columns[at] for at in _PLACES)
            yield str(producer), _int(number), str(action), _uuid(route)
        elif one.number is not None:
            yield one.producer, one.number, str(one.record.head_fields["action"]), _route_of(one.record)


def _open(batch: Batch, calls: Mapping[CallKey, OpenCall]) -> Iterator[tuple[str, int, str, Route]]:
    still = {key: call for key, call in calls.items() if key not in batch.progress.closed}
    for key, call in {**still, **batch.progress.opened}.items():
        try:
            record = Record.from_bytes(call.record)
        except AuditError:
            continue  # it will be told as unreadable when it ends, and the census then differs rightly
        yield key.producer, call.ordinal, str(record.head_fields["action"]), _route_of(record)


def _route_of(record: Record) -> Route:
    resource = record.head_fields.get("resource")
    return _uuid(resource.get("id")) if isinstance(resource, dict) else None


def _uuid(value: object) -> Route:
    return value if isinstance(value, UUID) or value is None else UUID(str(value))


def _int(value: object) -> int:
    return value if isinstance(value, int) else int(str(value))
