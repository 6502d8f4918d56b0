"""Asks a policy of any revision that is kept; one that is not active answers in a process of its own."""

from typing import Final

from sqlmodel.ext.asyncio.session import AsyncSession

from console.errors import NotFoundError, PolicyUndecidedError
from console.explain.history import Moment, Wanted, rows_at
from console.policies.bundles import find_revision
from console.refused import UNDECIDED
from console.services import Services
from policy.bundles import Bundle
from policy.decide import decide
from policy.decision import Decision, PolicyUnavailable, Query
from policy.embedded import EmbeddedDecider

NO_POLICY: Final = "There is no policy of this revision here."


async def chosen_bundle(services: Services, session: AsyncSession, revision: str, moment: Moment) -> Bundle:
    """Return the bundle of a revision; of none, the one that was active at the moment.

    Before anything was activated that is the bundle that comes with the product, as it comes now.

    Raises:
        NotFoundError: no bundle of this revision is kept.
        policy.errors.BundleError: what is kept was changed.
    """
    shipped = services.policies.shipped
    wanted = revision or await _active_at(session, moment) or shipped.revision
    found = await find_revision(session, wanted, shipped)
    if found is None:
        raise NotFoundError(NO_POLICY, ("unknown_revision",))
    return found


async def decide_under(services: Services, bundle: Bundle, query: Query) -> Decision:
    """Return what the bundle answers.

    Raises:
        PolicyUndecidedError: it gives no answer.
    """
    if bundle.revision == services.policy_revision:
        decision = await decide(services.decider, query, active_revision=bundle.revision)
    else:
        decision = await _decide_apart(bundle, query)
    if isinstance(decision, PolicyUnavailable):
        raise PolicyUndecidedError(UNDECIDED, decision.reasons)
    return decision


async def _active_at(session: AsyncSession, moment: Moment) -> str | None:
    rows = await rows_at(session, moment, Wanted("active_policy"))
    return next((str(row.state["revision"]) for row in rows["active_policy"].values()), None)


async def _decide_apart(bundle: Bundle, query: Query) -> Decision:
    decider = EmbeddedDecider(bundle)
    try:
        return await decide(decider, query, active_revision=bundle.revision)
    finally:
        await decider.close()
