"""What acts said of rows: the digest of the row states each wrote, from the log and from the outbox."""

from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from audit.entry_rows import OUTBOX_PRODUCER
from audit.errors import RecordError
from audit.models import Outbox, entry
from audit.record import Record

_AT_ONCE: Final = 5_000
_FIELD: Final = b'"state":"'
_DIGEST_LENGTH: Final = 64


class LoggedStates:
    """The ``state`` of every logged act that wrote rows, read further at each ``catch_up``.

    Attributes:
        by_event: the digest by event id, raw, in the order of the log.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self.by_event: dict[UUID, bytes] = {}
        self._engine = engine
        self._next = 0

    async def catch_up(self) -> None:
        """Read what was logged since the last time."""
        while await self._read():
            pass

    async def _read(self) -> bool:
        columns = entry.c
        wanted = sa.select(columns.number, columns.id, columns.head)
        acts = wanted.where(columns.producer == OUTBOX_PRODUCER, columns.number >= self._next)
        async with self._engine.connect() as connection:
            rows = (await connection.execute(acts.order_by(columns.number).limit(_AT_ONCE))).all()
        for _, event_id, head in rows:
            digest = _state_in(bytes(head))
            if digest is not None:
                self.by_event[event_id] = digest
        if rows:
            self._next = rows[-1][0] + 1
        return len(rows) == _AT_ONCE


async def waiting_states(session: AsyncSession) -> dict[UUID, bytes]:
    """Return the same of the acts that still wait in the outbox; one that cannot be read explains nothing."""
    found = {}
    for event_id, record in await session.exec(select(Outbox.event_id, Outbox.record)):
        try:
            state = Record.from_bytes(record).head_fields.get("state")
        except RecordError:
            continue
        if state is not None:
            found[event_id] = bytes.fromhex(str(state))
    return found


def _state_in(head: bytes) -> bytes | None:
    # Within a text every quote is escaped, so only the field itself can look like this.
    at = head.find(_FIELD)
    if at < 0:
        return None
    start = at + len(_FIELD)
    return bytes.fromhex(head[start : start + _DIGEST_LENGTH].decode())
