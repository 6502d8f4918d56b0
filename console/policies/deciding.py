"""Asks the engine under the revision that decides now: the one door from the console to `policy.decide`."""

from console.policies.active import Active
from console.policies.engines import equip
from console.services import Services
from policy import decide as policy
from policy.decision import Decision, Document, Query
from policy.plan import Plan
from policy.scope import Scope


async def decide(services: Services, query: Query, active: Active) -> Decision:
    """Return the decision on `query`; what cannot be decided is refused (`policy.decide.decide`)."""
    await equip(services, active)
    also = active.also(services.clock())
    return await policy.decide(services.decider, query, active_revision=active.revision, also=also)


async def scope(services: Services, query: Query, active: Active) -> Scope:
    """Return which rows of a list may be seen.

    Raises:
        UndecidedError: no trustworthy answer.
    """
    await equip(services, active)
    also = active.also(services.clock())
    return await policy.scope(services.decider, query, active_revision=active.revision, also=also)


async def plan(services: Services, change: Document, active: Active) -> Plan:
    """Return which approvals a change needs.

    Raises:
        UndecidedError: no trustworthy answer.
    """
    await equip(services, active)
    also = active.also(services.clock())
    return await policy.plan(services.decider, change, active_revision=active.revision, also=also)
