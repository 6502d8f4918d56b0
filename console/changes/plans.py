"""Asks the active policy whose approvals a change needs."""

from console.errors import PolicyUndecidedError
from console.policies.deciding import plan
from console.refused import UNDECIDED
from console.work import UnitOfWork
from policy.decision import Document
from policy.errors import UndecidedError
from policy.plan import Plan


async def plan_for(work: UnitOfWork, change: Document) -> Plan:
    """Return the approval plan of a change.

    Raises:
        PolicyUndecidedError: no trustworthy answer; nothing can be approved without one.
    """
    async with work.read() as session:
        active = await work.services.policies.active(session)
    try:
        return await plan(work.services, change, active)
    except UndecidedError as error:
        raise PolicyUndecidedError(UNDECIDED, (error.code,)) from error
