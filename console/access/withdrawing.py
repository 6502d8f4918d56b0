"""Withdraws a pending access request: whoever asked may think better of it."""

from uuid import UUID

from audit.events import Action
from console.access.facts import find_request
from console.changes.refusals import told
from console.changes.rows import change_row
from console.changes.seen import authorize_seen, nothing
from console.work import UnitOfWork
from policy.changes import withdraw
from policy.permissions import Permission


async def withdraw_request(work: UnitOfWork, change_id: UUID) -> None:
    """Withdraw a request; it stays in the history.

    Raises:
        NotFoundError: no such request, or none the caller may read.
        RefusedError: somebody else asked for it.
        ConflictError: it is decided already.
    """
    async with work.read() as session:
        found = await find_request(session, change_id, work.now)
    if found is None:
        raise nothing()
    resource = found.resource()
    reading = Permission.ACCESS_REQUEST_READ
    await authorize_seen(work, Permission.ACCESS_REQUEST_WITHDRAW, resource, reading)
    async with work.write() as session:
        fresh, now = await find_request(session, change_id, work.now, for_change=True) or found, work.now
        with told(work):
            after = withdraw(fresh.for_rules(now), work.principal.id)
        change = fresh.change
        change.state, change.decided = after.state, now
        session.add(change)
        await work.record(
            Action.ACCESS_REQUEST_WITHDRAW,
            resource=resource,
            request=change_id,
            rows=[change_row(change, now)],
        )
