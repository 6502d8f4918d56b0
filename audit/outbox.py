"""Acts on their way to the log: a row in the caller's own transaction, drained by the one worker.

The worker reads, logs, then deletes. A crash between the last two leaves rows whose ids the log knows and
skips; only the holder of the log's lease drains, so no row needs a lock, and none is held while the log is
written.
"""

from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from audit.head import parse_time
from audit.models import Outbox
from audit.record import Record

_DELETE_AT_ONCE = 500


async def append(session: AsyncSession, record: Record) -> UUID:
    """Add ``record`` to the caller's transaction and return its event id: both commit, or neither."""
    event_id = UUID(str(record.head_fields["id"]))
    created = parse_time(str(record.head_fields["time"]))
    session.add(Outbox(event_id=event_id, created=created, record=record.to_bytes()))
    await session.flush()
    return event_id


async def take(session: AsyncSession, limit: int) -> Sequence[tuple[UUID, bytes]]:
    """Return the oldest waiting rows, at most ``limit``: event id and record bytes. They stay."""
    rows = select(Outbox.event_id, Outbox.record)
    return (await session.exec(rows.order_by(col(Outbox.created), col(Outbox.event_id)).limit(limit))).all()


async def delete(session: AsyncSession, event_ids: Sequence[UUID]) -> None:
    """Delete rows whose entries the log has committed."""
    for start in range(0, len(event_ids), _DELETE_AT_ONCE):
        chosen = event_ids[start : start + _DELETE_AT_ONCE]
        await session.exec(sa.delete(Outbox).where(col(Outbox.event_id).in_(chosen)))
