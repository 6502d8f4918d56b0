"""Takes a pending change back: by whoever asked for it, by itself or for another in its place."""

from collections.abc import Sequence
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from audit.events import Action
from console.changes.kept import find_kept
from console.changes.refusals import told
from console.changes.rows import change_row
from console.changes.seen import authorize_seen, nothing
from console.work import UnitOfWork
from policy.changes import withdraw
from policy.permissions import Permission


async def withdraw_change(work: UnitOfWork, change_id: UUID) -> None:
    """Withdraw a change; it stays in the history.

    Raises:
        NotFoundError: no such change, or none the caller may read.
        RefusedError: somebody else asked for it.
        ConflictError: it is decided already.
    """
    async with work.read() as session:
        found = await find_kept(work.services, session, change_id)
    if found is None:
        raise nothing()
    await authorize_seen(work, Permission.CHANGE_WITHDRAW, found.resource(), Permission.CHANGE_READ)
    async with work.write() as session:
        await take_back(work, session, change_id, work.principal.id)


async def take_back(
    work: UnitOfWork, session: AsyncSession, change_id: UUID, requester: UUID, reasons: Sequence[str] = ()
) -> None:
    """Withdraw a change of `requester`'s in the caller's open write, and record it with the codes of why.

    Raises:
        NotFoundError: no such change.
        RefusedError: somebody else asked for it.
        ConflictError: it is decided already.
    """
    found = await find_kept(work.services, session, change_id, for_change=True)
    if found is None:
        raise nothing()
    change, now = found.change, work.now
    with told(work):
        change.state = withdraw(found.for_rules(now), requester).state
    change.decided = now
    session.add(change)
    rows = [change_row(change, now)]
    await work.record(
        Action.CHANGE_WITHDRAW, resource=found.resource(), request=change_id, rows=rows, reasons=reasons
    )
