"""Gives access at once where the company has agreed to it: no answer, and recorded as such."""

import json
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession
from uuid_utils.compat import uuid7

from audit.event import Part
from audit.events import Action
from console.access.facts import find_request
from console.access.granting import grant_access
from console.changes.rows import change_row
from console.changes.seen import nothing
from console.errors import ConflictError
from console.work import UnitOfWork
from policy.errors import StaleContentError
from policy.models import ChangeState


async def approve_automatically(work: UnitOfWork, session: AsyncSession, change_id: UUID) -> None:
    """Approve a request by the plan alone and grant it, in the transaction in which it was asked.

    Raises:
        ConflictError: the model is another one than the plan was asked of, such as one of a higher tier.
    """
    found = await find_request(session, change_id, work.now, for_change=True)
    if found is None:
        raise nothing()
    if (stale := found.why_stale()) is not None:
        raise ConflictError(stale, (StaleContentError.code,))
    change, now = found.change, work.now
    change.state, change.decided, change.grant_id = ChangeState.APPROVED, now, uuid7()
    session.add(change)
    await session.flush()
    plan = {"why": json.loads(change.why), "policy": change.policy_revision}
    await work.record(
        Action.ACCESS_REQUEST_AUTOMATIC,
        resource=found.resource(),
        request=change.id,
        rows=[change_row(change, now)],
        parts=[Part(name="automatic", subject=None, content=plan)],
    )
    await grant_access(work, session, found, now)
