"""What an act changed in the rows that decisions read: before and after, and only the fields that differ."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import orjson
import sqlalchemy as sa
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from audit.models import RowVersion

PART: Final = "change"
State = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class RowChange:
    """One row. ``before`` is None for a new row, ``after`` for one that is gone; neither names anyone."""

    kind: str
    id: UUID
    before: State | None
    after: State | None

    def differing(self) -> dict[str, object]:
        """Return it as a detail of its act: all fields of a new or gone row, else those that differ."""
        before, after = self.before, self.after
        if before is not None and after is not None:
            names = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
            before, after = _only(before, names), _only(after, names)
        return {"kind": self.kind, "id": str(self.id), "before": before, "after": after}


def content(changes: Sequence[RowChange]) -> dict[str, object] | None:
    """Return the content of the part that holds the changes; None when no row says anything new."""
    rows = [change.differing() for change in changes if change.before != change.after]
    return {"rows": rows} if rows else None


async def latest_states(
    session: AsyncSession, row_ids: Collection[UUID]
) -> Mapping[tuple[str, UUID], State | None]:
    """Return the state last recorded of each row, by kind and id; rows without history are left out."""
    if not row_ids:
        return {}
    newest = (
        sa.select(sa.func.max(col(RowVersion.sequence)))
        .where(col(RowVersion.row_id).in_(row_ids))
        .group_by(col(RowVersion.kind), col(RowVersion.row_id))
    )
    wanted = select(RowVersion.kind, RowVersion.row_id, RowVersion.row)
    found = await session.exec(wanted.where(col(RowVersion.sequence).in_(newest)))
    return {(kind, row_id): _read(row) for kind, row_id, row in found}


def _read(row: str | None) -> State | None:
    state: dict[str, Any] | None = None if row is None else orjson.loads(row)
    return state


def _only(state: State, names: Collection[str]) -> State:
    return {name: value for name, value in state.items() if name in names}
