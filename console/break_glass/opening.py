"""Opens break glass for an hour, lets both holders go on for another, and closes it."""

from typing import Final
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import SelectOfScalar

from audit.event import Part
from audit.events import Action
from console.break_glass.allowed import FLAG
from console.break_glass.credentials import require_holder
from console.break_glass.refusing import host_work, refuse
from console.break_glass.rows import sealed_row, use_row
from console.break_glass.sealing import HOLDERS, held
from console.clock import MICROSECONDS
from console.questions import Resource
from console.services import Services
from console.work import UnitOfWork
from policy.permissions import Permission
from sso.models import BreakGlass, SealedCredential

LASTS: Final = 60 * 60 * MICROSECONDS


async def open_break_glass(services: Services, text: str, ticket: str) -> BreakGlass:
    """Open it for 60 minutes by one sealed credential, which is spent by that.

    Raises:
        RefusedError: off, not sealed, unknown, spent, open, or the last use was not reviewed; recorded.
        AuditUnavailableError: it could not be recorded, so nothing opened.
    """
    credential = await require_holder(services, text)
    work = host_work(services)
    async with work.write() as session:
        reason = await _why_not(session, credential)
        if reason is None:
            return await _opened(work, session, credential, ticket)
    raise await refuse(services, reason, credential.person_id)


async def extend_break_glass(services: Services, texts: tuple[str, str]) -> BreakGlass:
    """Let it go on until 60 minutes from now, by both holders.

    Raises:
        RefusedError: it is not open, or these are not the credentials of two people; recorded.
    """
    first, second = [await require_holder(services, text) for text in texts]
    if first.person_id == second.person_id:
        raise await refuse(services, "break_glass_two_people", first.person_id)
    work = host_work(services)
    async with work.write() as session:
        use = (await session.exec(open_uses(work.now).with_for_update())).first()
        unspent = {one.id for one in await held(session)}
        # Of the two, one opened it; one that was spent by another use has been seen since, and opens nothing.
        other = {first.id, second.id} - {use.credential_id if use else None}
        if use is not None and len(other) == 1 and other <= unspent:
            use.ends = work.now + LASTS
            return await record_use(work, session, use, Action.BREAK_GLASS_EXTEND)
    reason = "break_glass_spent" if use is not None and len(other) == 1 else "break_glass_not_open"
    raise await refuse(services, reason, first.person_id)


async def close_break_glass(work: UnitOfWork, use_id: UUID) -> BreakGlass:
    """End it before its time; `work` is the holder's."""
    await work.authorize(Permission.BREAK_GLASS_CLOSE, Resource("break_glass", use_id))
    async with work.write() as session:
        use = await session.get_one(BreakGlass, use_id, with_for_update=True)
        use.closed = work.now
        return await record_use(work, session, use, Action.BREAK_GLASS_CLOSE)


def open_uses(now: int) -> SelectOfScalar[BreakGlass]:
    """Return the query for the use that is open at `now`; a reader must not lock what it finds."""
    return select(BreakGlass).where(
        col(BreakGlass.opened) <= now, col(BreakGlass.ends) > now, col(BreakGlass.closed).is_(None)
    )


async def record_use(work: UnitOfWork, session: AsyncSession, use: BreakGlass, action: Action) -> BreakGlass:
    """Keep a changed use together with its record."""
    session.add(use)
    target = Resource("break_glass", use.id)
    await work.record(action, resource=target, rows=[use_row(use, work.now)], flags=[FLAG])
    return use


async def _why_not(session: AsyncSession, credential: SealedCredential) -> str | None:
    unreviewed = select(BreakGlass).where(col(BreakGlass.reviewed).is_(None))
    unspent = await held(session)
    if credential.spent is not None:
        return "break_glass_spent"
    if (await session.exec(unreviewed.limit(1))).first() is not None:
        return "break_glass_unreviewed"
    return None if len({one.person_id for one in unspent}) == HOLDERS else "break_glass_unsealed"


async def _opened(
    work: UnitOfWork, session: AsyncSession, credential: SealedCredential, ticket: str
) -> BreakGlass:
    spent = await session.get_one(SealedCredential, credential.id, with_for_update=True)
    spent.spent = work.now
    use = BreakGlass(
        person_id=spent.person_id, credential_id=spent.id, opened=work.now, ends=work.now + LASTS
    )
    session.add_all((spent, use))
    content = {"holder": str(spent.person_id), "ticket": ticket}
    await work.record(
        Action.BREAK_GLASS_OPEN,
        resource=Resource("break_glass", use.id),
        rows=[sealed_row(spent, work.now), use_row(use, work.now)],
        parts=[Part(name="opening", subject=spent.person_id, content=content)],
        flags=[FLAG],
    )
    return use
