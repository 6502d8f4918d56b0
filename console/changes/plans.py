"""Asks the active policy whose approvals a change needs."""

from console.errors import PolicyUndecidedError
from console.work import UNDECIDED, UnitOfWork
from policy.decide import plan
from policy.decision import Document
from policy.errors import UndecidedError
from policy.plan import Plan


async def plan_for(work: UnitOfWork, change: Document) -> Plan:
    """Return the approval plan of a change.

    Raises:
        PolicyUndecidedError: no trustworthy answer; nothing can be approved without one.
    """
    services = work.services
    try:
        return await plan(services.decider, change, active_revision=services.policy_revision)
    except UndecidedError as error:
        raise PolicyUndecidedError(UNDECIDED, (error.code,)) from error
