"""Reads of what is kept: retention, holds, and the changes that wait or were decided."""

from collections.abc import Mapping
from uuid import UUID

from sqlmodel import col, select

from audit.custody.count import removed_until
from audit.custody.holds import hold_of
from audit.custody.retention import CLASSES, DEFAULT_DAYS, FLOOR_DAYS
from audit.models import LegalHold, RetentionRow
from console.changes.forms import Someone
from console.changes.shown import people_by_id
from console.clock import to_text
from console.custody.forms import HoldRead, RetentionRead
from console.custody.holding import tell_conditions
from console.custody.retention import MEANINGS
from console.questions import Resource
from console.work import UnitOfWork
from policy.permissions import Permission

READING = Permission.CHANGE_READ


async def read_retention(work: UnitOfWork) -> list[RetentionRead]:
    """Return how long each class is kept, and how far it has been removed.

    Raises:
        RefusedError: the caller reads nothing of what is kept.
    """
    await work.authorize(READING, Resource("retention"))
    async with work.read() as session:
        rows = {row.name: row for row in await session.exec(select(RetentionRow))}
    removed = await removed_until(work.services.log.engine)
    return [_retention_read(name, rows.get(name), removed.get(name, 0)) for name in CLASSES]


async def list_holds(work: UnitOfWork, *, everything: bool = False) -> list[HoldRead]:
    """Return the holds in force, or all there ever were, the newest first.

    Raises:
        RefusedError: the caller reads nothing of what is kept.
    """
    await work.authorize(READING, Resource("hold"))
    query = select(LegalHold).order_by(col(LegalHold.id).desc())
    async with work.read() as session:
        rows = (
            await session.exec(query if everything else query.where(col(LegalHold.released).is_(None)))
        ).all()
        people = await people_by_id(
            session, [one for row in rows for one in (row.created_by, row.actor) if one]
        )
    return [_hold_read(row, people) for row in rows]


async def read_hold(work: UnitOfWork, hold_id: UUID) -> HoldRead:
    """Return one hold to who has just made it; the caller has been authorized."""
    async with work.read() as session:
        row = await session.get_one(LegalHold, hold_id)
        people = await people_by_id(session, [one for one in (row.created_by, row.actor) if one])
    return _hold_read(row, people)


def _retention_read(name: str, row: RetentionRow | None, removed: int) -> RetentionRead:
    return RetentionRead(
        name=name,
        meaning=MEANINGS[name],
        days=row.days if row else None,
        default_days=DEFAULT_DAYS[name],
        floor_days=FLOOR_DAYS,
        change=row.change_id if row else None,
        since=to_text(row.created) if row else None,
        removed_until=removed,
    )


def _hold_read(row: LegalHold, people: Mapping[UUID, Someone]) -> HoldRead:
    conditions = hold_of(row).row()
    actor = people[row.actor] if row.actor else None
    named = {**conditions, "actor": actor.shown} if actor else conditions
    return HoldRead(
        id=row.id,
        covers=tell_conditions(named),
        actor=actor,
        conditions=conditions,
        reason=row.reason,
        created=to_text(row.created),
        created_by=people[row.created_by],
        released=to_text(row.released) if row.released else None,
        released_by=row.released_by,
    )
