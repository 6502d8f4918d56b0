"""Rows of any kind as they were at one moment, as known at another: what decisions would have read then.

Of the versions that speak of the moment, the one recorded last counts; a row whose version says that it ended
is absent (audit.history). All kinds are read by one query.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from audit.models import RowVersion

_COLUMNS: Final = (
    col(RowVersion.kind),
    col(RowVersion.row_id),
    col(RowVersion.row),
    col(RowVersion.event_id),
    col(RowVersion.valid_from),
)


@dataclass(frozen=True, slots=True)
class Moment:
    """A question about time, in microseconds UTC: how it was at `valid`, as known at `known`."""

    valid: int
    known: int


@dataclass(frozen=True, slots=True)
class Stated:
    """What history says of one row: its state, since when, and the act that said so."""

    id: UUID
    state: Mapping[str, Any]
    since: int
    event: UUID

    def names(self, field: str) -> UUID:
        """Return the id that a field holds."""
        return UUID(str(self.state[field]))


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which rows of a kind: all, those with these ids, or those that ever held one of these texts."""

    kind: str
    ids: Collection[UUID] | None = None
    holding: Collection[str] | None = None

    def condition(self) -> sa.ColumnElement[bool]:
        """Return what a version has to fulfil."""
        of_kind = col(RowVersion.kind) == self.kind
        if self.ids is not None:
            return sa.and_(of_kind, col(RowVersion.row_id).in_(self.ids))
        if self.holding is not None:
            return sa.and_(of_kind, col(RowVersion.row_id).in_(self._ever_holding(of_kind)))
        return of_kind

    def _ever_holding(self, of_kind: sa.ColumnElement[bool]) -> Any:  # noqa: ANN401 - a select, of which the stubs say another type
        # A row is canonical text, so that what it names can be looked for in it: an id stands in it as text.
        texts = (col(RowVersion.row).contains(text, autoescape=True) for text in self.holding or ())
        return sa.select(col(RowVersion.row_id)).where(of_kind, sa.or_(sa.false(), *texts))


Rows = Mapping[str, Mapping[UUID, Stated]]
"""What was there, by kind and by id."""


async def rows_at(session: AsyncSession, moment: Moment, *wanted: Wanted) -> Rows:
    """Return the rows that held at the moment, as known then; a kind without rows is empty."""
    ends = sa.or_(col(RowVersion.valid_to).is_(None), col(RowVersion.valid_to) > moment.valid)
    query = (
        sa.select(*_COLUMNS)
        .where(sa.or_(sa.false(), *(one.condition() for one in wanted)))
        .where(col(RowVersion.recorded_at) <= moment.known, col(RowVersion.valid_from) <= moment.valid, ends)
        .order_by(col(RowVersion.sequence))
    )
    rows = (await (await session.connection()).execute(query)).all()
    latest = {(kind, row_id): (text, event, since) for kind, row_id, text, event, since in rows}
    found: dict[str, dict[UUID, Stated]] = {one.kind: {} for one in wanted}
    for (kind, row_id), (text, event, since) in latest.items():
        if text is not None:
            found[kind][row_id] = Stated(row_id, json.loads(text), since, event)
    return found
