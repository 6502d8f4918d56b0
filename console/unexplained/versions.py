"""History as it stands: each row's latest version, and whether an act's versions are what it recorded."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from audit.history import hash_stated
from audit.models import RowVersion

_AT_ONCE: Final = 2_000
_TABLE: Final = sa.inspect(RowVersion).local_table


@dataclass(frozen=True, slots=True)
class Latest:
    """A row's latest version: its canonical text, None when the row ended, and the act that wrote it."""

    text: str | None
    event_id: UUID


@dataclass(slots=True)
class Versions:
    """Every version there is, folded by row and by act."""

    latest: dict[tuple[str, UUID], Latest] = field(default_factory=dict)
    _digests: dict[UUID, Any] = field(default_factory=dict)
    _altered: set[UUID] = field(default_factory=set)

    @property
    def events(self) -> set[UUID]:
        """The acts that have versions."""
        return set(self._digests)

    def is_sound(self, event_id: UUID, states: Mapping[UUID, bytes], waiting: Mapping[UUID, bytes]) -> bool:
        """Say whether the act is recorded, and recorded these very versions."""
        recorded = states.get(event_id) or waiting.get(event_id)
        return event_id not in self._altered and recorded == self._digests[event_id].digest()

    def _add(self, row: Any) -> None:  # noqa: ANN401 - a row of the table
        stated = hash_stated(row.kind, row.row_id, row.row, row.valid_from, row.valid_to)
        if stated != row.row_hash:
            self._altered.add(row.event_id)
        self._digests.setdefault(row.event_id, hashlib.sha256()).update(bytes.fromhex(stated))
        self.latest[row.kind, row.row_id] = Latest(row.row, row.event_id)

    @classmethod
    async def read(cls, connection: AsyncConnection) -> "Versions":
        """Read the whole history, in the order it was written."""
        versions, after = cls(), -1
        while True:
            chunk = sa.select(_TABLE).where(_TABLE.c.sequence > after).order_by(_TABLE.c.sequence)
            rows = (await connection.execute(chunk.limit(_AT_ONCE))).all()
            for row in rows:
                versions._add(row)
            if len(rows) < _AT_ONCE:
                return versions
            after = rows[-1].sequence
