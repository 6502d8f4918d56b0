"""Ends what somebody holds, at once and in one transaction: nothing outlives whoever leaves.

Who decides it (an admin, a directory, SCIM) opens the transaction, authorizes, and calls one of these.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlmodel import col, delete
from sqlmodel.ext.asyncio.session import AsyncSession

from audit.event import Part
from audit.events import Action
from console.people.endings import ENDINGS, ownerless_teams
from console.questions import Resource
from console.rows import person_row
from console.work import UnitOfWork
from sso.models import DirectoryLeaver, Person, PersonState, ScimExclusion


@dataclass(frozen=True, slots=True)
class Ended:
    """How much of each sort ended, and the teams that have no owner left."""

    counts: dict[str, int]
    ownerless_teams: tuple[str, ...]


async def end_access(work: UnitOfWork, session: AsyncSession, person_id: UUID, reason: str) -> Ended:
    """End every session, key, request, answer and grant of a person, within the caller's `work.write()`.

    Each change of a row that decisions read has its own event. `reason` is a stable code such as
    `scim_deactivated`, never free text. The person may sign in again unless disabled too.
    """
    counts = {name: await end(work, session, person_id, reason) for name, end in ENDINGS.items()}
    return Ended(counts, await ownerless_teams(session, person_id))


async def disable_person(
    work: UnitOfWork, session: AsyncSession, person_id: UUID, reason: str, flags: Sequence[str] = ()
) -> bool:
    """Keep a person out and end their access, within the caller's `work.write()`; False when they are out.

    Memberships and roles stay with whoever keeps them: of a disabled person they count for nothing.
    """
    person = await session.get_one(Person, person_id, with_for_update=True, populate_existing=True)
    if person.state is PersonState.DISABLED:
        return False
    person.state = PersonState.DISABLED
    session.add(person)
    ended = await end_access(work, session, person_id, reason)
    leaving = {"reason": reason, "ownerless_teams": list(ended.ownerless_teams), **ended.counts}
    await work.record(
        Action.PERSON_DISABLE,
        resource=Resource("person", person_id),
        rows=[person_row(person, work.now)],
        parts=[Part(name="leaving", subject=None, content=leaving)],
        flags=flags,
    )
    return True


async def enable_person(
    work: UnitOfWork, session: AsyncSession, person_id: UUID, reason: str, flags: Sequence[str] = ()
) -> bool:
    """Let a disabled person sign in again, within the caller's `work.write()`; what ended stays ended."""
    person = await session.get_one(Person, person_id, with_for_update=True, populate_existing=True)
    if person.state is PersonState.ACTIVE:
        return False
    person.state = PersonState.ACTIVE
    session.add(person)
    await forget_who_kept_out(session, person_id)
    await work.record(
        Action.PERSON_ENABLE,
        resource=Resource("person", person_id),
        rows=[person_row(person, work.now)],
        parts=[Part(name="enabling", subject=None, content={"reason": reason})],
        flags=flags,
    )
    return True


async def forget_who_kept_out(session: AsyncSession, person_id: UUID) -> None:
    """Forget which directory kept a person out, now that somebody has let them in.

    The next to disable them may be an admin, which a directory that remembers its own word would undo.
    """
    for mark in (DirectoryLeaver, ScimExclusion):
        await session.exec(delete(mark).where(col(mark.person_id) == person_id))
