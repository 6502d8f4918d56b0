"""Legal holds: which entries must keep their details whole, whatever their retention says.

A hold is a conjunction of conditions on heads. It counts from the commit of its ``hold.create`` until an
approved release. Who removes takes ``lock_holds`` first: a hold that is being made is waited for and seen,
and one that comes later waits until the removal is over. Holds are read from the append-only history
as well as from their table, and an end is believed only when the log holds its act, so that nothing done in
SQL lets anything go.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Final, cast
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from audit.custody.explained import is_logged
from audit.models import LegalHold, RowVersion, entry
from audit.reader import LogReader

ROW_KIND: Final = "legal_hold"


@dataclass(frozen=True, slots=True)
class Hold:
    """What one hold covers: entries that fulfil every condition given.

    Attributes:
        since: entries from this time on, microseconds UTC; ``until`` before this one.
        first_index: entries from this index on; ``last_index`` up to and including this one.
    """

    id: UUID
    actor: UUID | None = None
    resource_id: UUID | None = None
    request: UUID | None = None
    since: int | None = None
    until: int | None = None
    first_index: int | None = None
    last_index: int | None = None

    def condition(self) -> sa.ColumnElement[bool]:
        """Return the condition over ``entry`` that an entry is held; a hold without conditions holds all."""
        found = [clause for clause in self._clauses() if clause is not None]
        return sa.and_(sa.true(), *found)

    def row(self) -> dict[str, object]:
        """Return the conditions as history keeps them: ids and numbers only."""
        return {
            name: str(value) if isinstance(value, UUID) else value
            for name, value in asdict(self).items()
            if name != "id" and value is not None
        }

    def _clauses(self) -> Iterable[sa.ColumnElement[bool] | None]:
        yield None if self.actor is None else entry.c.actor == self.actor
        yield None if self.resource_id is None else entry.c.resource_id == self.resource_id
        yield None if self.request is None else entry.c.request == self.request
        yield None if self.since is None else entry.c.time >= self.since
        yield None if self.until is None else entry.c.time < self.until
        yield None if self.first_index is None else entry.c.index >= self.first_index
        yield None if self.last_index is None else entry.c.index <= self.last_index


def hold_of(row: LegalHold) -> Hold:
    """Return what the hold of a row covers."""
    return Hold(
        row.id,
        row.actor,
        row.resource_id,
        row.request,
        row.since,
        row.until,
        row.first_index,
        row.last_index,
    )


def held(holds: Iterable[Hold]) -> sa.ColumnElement[bool]:
    """Return the condition over ``entry`` that any of the holds covers it."""
    return sa.or_(sa.false(), *(hold.condition() for hold in holds))


async def active_holds(session: AsyncSession, log: LogReader, now: int) -> frozenset[Hold]:
    """Return every hold in force at ``now``: by its row, or by the history of rows, or by both.

    The row counts even where no act explains it any more: for a hold, absent is what an attacker wants. An
    end counts only once the log holds its act, so a row deleted and an end made up let nothing go.
    """
    table = sa.inspect(LegalHold).local_table
    connection = await session.connection()
    rows = (await connection.execute(sa.select(table).where(col(LegalHold.released).is_(None)))).all()
    ended = await _believed_ends(session, log, now)
    begun = [
        _remembered(version)
        for version in await _versions(session, col(RowVersion.row).is_not(None))
        if (version.sequence or 0) > ended.get(version.row_id, -1)
    ]
    return frozenset([*(hold_of(cast("LegalHold", row)) for row in rows), *begun])


async def count_releases(session: AsyncSession, log: LogReader, now: int) -> int:
    """Return how many holds have ended so far, by acts that the log holds."""
    return len(await _believed_ends(session, log, now))


async def _believed_ends(session: AsyncSession, log: LogReader, now: int) -> dict[UUID, int]:
    ends = await _versions(session, col(RowVersion.row).is_(None), col(RowVersion.valid_from) <= now)
    return {end.row_id: end.sequence or 0 for end in ends if await is_logged(log, end)}


async def _versions(session: AsyncSession, *wanted: sa.ColumnElement[bool]) -> Sequence[RowVersion]:
    chosen = select(RowVersion).where(col(RowVersion.kind) == ROW_KIND, *wanted)
    return (await session.exec(chosen.order_by(col(RowVersion.sequence)))).all()


async def lock_holds(session: AsyncSession) -> None:
    """Let no hold be made or released until the session's transaction ends; waits for one being made."""
    if session.get_bind().dialect.name == "postgresql":
        await session.exec(sa.text("LOCK TABLE legal_hold IN SHARE MODE"))  # type: ignore[call-overload]
        return
    # SQLite has one writer: a statement that writes takes its place, even when no row is written.
    await session.exec(sa.update(LegalHold).where(sa.false()).values(released=None))


def _remembered(version: RowVersion) -> Hold:
    try:
        return _read(version.row_id, json.loads(version.row or "{}"))
    except (ValueError, AttributeError):
        return Hold(version.row_id)  # what cannot be read holds everything, until somebody has looked


def _read(hold_id: UUID, row: Mapping[str, object]) -> Hold:
    return Hold(
        hold_id,
        _id(row.get("actor")),
        _id(row.get("resource_id")),
        _id(row.get("request")),
        _number(row.get("since")),
        _number(row.get("until")),
        _number(row.get("first_index")),
        _number(row.get("last_index")),
    )


def _id(value: object) -> UUID | None:
    return None if value is None else UUID(str(value))


def _number(value: object) -> int | None:
    return value if isinstance(value, int) else None
