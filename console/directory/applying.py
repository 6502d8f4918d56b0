"""Carries a plan out: rows by the hundred in one transaction, one event for each person with all its rows."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from sqlmodel.ext.asyncio.session import AsyncSession

from console.directory.changing import change_people
from console.directory.newcomers import add_people
from console.directory.remembering import remember_said
from console.errors import ConflictError
from console.people.leaving import disable_person, enable_person
from console.work import UnitOfWork
from sso.models import DirectoryLeaver
from sso.syncing.plan import Kind, PersonChange, Plan

AT_ONCE: Final = 100
"""People of a slice: it must end well within the seconds from look to look, also on a busy machine."""
REASON: Final = "directory_disabled"


@dataclass(frozen=True, slots=True)
class Applied:
    """How many people were changed, and how many were not because somebody else changed them meanwhile."""

    people: int = 0
    overtaken: int = 0

    def __add__(self, other: "Applied") -> "Applied":
        return Applied(self.people + other.people, self.overtaken + other.overtaken)


NOTHING: Final = Applied()


async def apply_plan(work: UnitOfWork, plan: Plan) -> Applied:
    """Carry out a plan of a few people at once.

    Raises:
        AuditUnavailableError: a slice could not be recorded; what was done before it stays, and is recorded.
    """
    done = NOTHING
    changes = in_order(plan.changes)
    for start in range(0, len(changes), AT_ONCE):
        done += await apply_slice(work, plan.issuer, changes[start : start + AT_ONCE])
    return done


def in_order(changes: Iterable[PersonChange]) -> list[PersonChange]:
    """Return the same, first what takes away."""
    return sorted(changes, key=lambda change: not change.takes)


async def apply_slice(work: UnitOfWork, issuer: str, changes: Sequence[PersonChange]) -> Applied:
    """Carry out a few changes in one transaction, and record them.

    Raises:
        AuditUnavailableError: they could not be recorded; nothing of them was done.
    """
    if not changes:
        return NOTHING
    try:
        async with work.write() as session:
            await _apply(work, session, issuer, changes)
    except ConflictError:
        if len(changes) == 1:
            return Applied(overtaken=1)
        # Somebody signed in at this moment: one by one, only that person waits for the next sync.
        alone = [await apply_slice(work, issuer, [change]) for change in changes]
        return sum(alone, NOTHING)
    return Applied(people=len(changes))


async def _apply(
    work: UnitOfWork, session: AsyncSession, issuer: str, changes: Sequence[PersonChange]
) -> None:
    by_kind = {kind: [change for change in changes if change.kind is kind] for kind in Kind}
    for change in by_kind[Kind.END]:
        await _end(work, session, issuer, change)
    for change in by_kind[Kind.RETURN]:
        await _return(work, session, change)
    acts = await add_people(work, session, issuer, by_kind[Kind.ADD])
    here = [*by_kind[Kind.CHANGE], *by_kind[Kind.RETURN], *by_kind[Kind.END]]
    acts += await change_people(work, session, here)
    if acts:
        said = [change.found for change in here if change.found is not None and change.kind is not Kind.END]
        await remember_said(session, work.services.identity_key, issuer, said)
        await work.record_many(acts)


async def _end(work: UnitOfWork, session: AsyncSession, issuer: str, change: PersonChange) -> None:
    if change.held is None:
        return
    if await disable_person(work, session, change.held.id, REASON):
        await session.merge(DirectoryLeaver(person_id=change.held.id, issuer=issuer, ended=work.now))


async def _return(work: UnitOfWork, session: AsyncSession, change: PersonChange) -> None:
    if change.held is None:
        return
    await enable_person(work, session, change.held.id, "directory_enabled")
