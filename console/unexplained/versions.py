"""History as it stands: each row's latest version, and whether an act's versions are what it recorded."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from audit.history import hash_stated
from audit.models import RowVersion

FULL_EVERY: Final = 100
_AT_ONCE: Final = 2_000
_TABLE: Final = sa.inspect(RowVersion).local_table


@dataclass(frozen=True, slots=True)
class Latest:
    """A row's latest version: its canonical text, None when the row ended, and the act that wrote it."""

    text: str | None
    event_id: UUID


class Versions:
    """Every version there is, folded by row and by act; read on from where it was, unless some are missing.

    Attributes:
        latest: each row's latest version.
        digests: what the versions of each act hash to.
    """

    def __init__(self) -> None:
        """Begin with nothing read."""
        self._forget()

    def is_sound(self, event_id: UUID, states: Mapping[UUID, bytes], waiting: Mapping[UUID, bytes]) -> bool:
        """Say whether the act is recorded, and recorded these very versions."""
        recorded = states.get(event_id) or waiting.get(event_id)
        return event_id not in self._altered and recorded == self.digests[event_id].digest()

    async def catch_up(self, connection: AsyncConnection) -> None:
        """Read what is new, in the order it was written.

        Everything is read again every hundredth time, and whenever there are more or fewer versions than were
        read: some were taken away, or their numbers became visible out of order.
        """
        self._rounds += 1
        if self._rounds % FULL_EVERY == 0:
            self._forget()
        await self._read_on(connection)
        if await connection.scalar(sa.select(sa.func.count()).select_from(_TABLE)) != self._count:
            self._forget()
            await self._read_on(connection)

    def _forget(self) -> None:
        self.latest: dict[tuple[str, UUID], Latest] = {}
        self.digests: dict[UUID, Any] = {}
        self._altered: set[UUID] = set()
        self._after, self._count, self._rounds = -1, 0, 0

    async def _read_on(self, connection: AsyncConnection) -> None:
        while True:
            chunk = sa.select(_TABLE).where(_TABLE.c.sequence > self._after).order_by(_TABLE.c.sequence)
            rows = (await connection.execute(chunk.limit(_AT_ONCE))).all()
            for row in rows:
                self._add(row)
            if len(rows) < _AT_ONCE:
                return

    def _add(self, row: Any) -> None:  # noqa: ANN401 - a row of the table
        stated = hash_stated(row.kind, row.row_id, row.row, row.valid_from, row.valid_to)
        if stated != row.row_hash:
            self._altered.add(row.event_id)
        self.digests.setdefault(row.event_id, hashlib.sha256()).update(bytes.fromhex(stated))
        self.latest[row.kind, row.row_id] = Latest(row.row, row.event_id)
        self._after, self._count = row.sequence, self._count + 1
