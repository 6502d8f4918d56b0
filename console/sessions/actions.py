"""Ends sessions: one, or all of a person with every token that was issued until now."""

from uuid import UUID

from sqlmodel import col, select

from audit.event import Part
from audit.events import Action
from console.errors import NotFoundError
from console.sessions.queries import session_resource
from console.work import UnitOfWork
from policy.permissions import Permission
from sso.models import Person, Session
from sso.sessions import revoke, revoke_all_of

ONE = "ended_by_owner"
EVERYWHERE = "signed_out_everywhere"
BY_ADMIN = "ended_by_admin"


async def end_one(work: UnitOfWork, session_id: UUID) -> None:
    """End one of one's own sessions.

    Raises:
        NotFoundError: no live session of the caller has this id.
    """
    person = work.principal.id
    await work.authorize(Permission.SESSION_REVOKE, session_resource(person))
    async with work.write() as session:
        own = col(Session.id) == session_id, col(Session.person_id) == person
        found = (await session.exec(select(Session).where(*own, col(Session.revoked_at).is_(None)))).first()
        if found is None:
            raise NotFoundError("This session has ended, or is not yours.", ("not_found",))
        await revoke(session, found.id_hash, work.now, ONE)
        await _record(work, person, ONE, 1, None)


async def end_everywhere(work: UnitOfWork, person_id: UUID, reason: str | None = None) -> int:
    """Sign a person out everywhere, and return how many sessions ended; an admin says why.

    Raises:
        RefusedError: it is neither the caller, nor does the caller look after people.
        NotFoundError: there is no such person.
    """
    await work.authorize(Permission.SESSION_REVOKE, session_resource(person_id))
    why = EVERYWHERE if person_id == work.principal.id else BY_ADMIN
    async with work.write() as session:
        if await session.get(Person, person_id) is None:
            raise NotFoundError("There is nobody here by that name.", ("not_found",))
        ended = await revoke_all_of(session, person_id, work.now, why)
        await _record(work, person_id, why, len(ended), reason)
    return len(ended)


async def _record(work: UnitOfWork, person_id: UUID, why: str, ended: int, reason: str | None) -> None:
    parts = [Part(name="sessions", subject=None, content={"ended": ended})]
    if reason is not None:
        parts.append(Part(name="reason", subject=work.principal.id, content={"reason": reason}))
    target = session_resource(person_id)
    await work.record(Action.SESSION_REVOKE, resource=target, reasons=[why], parts=parts)
