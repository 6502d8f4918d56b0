"""Asks a policy of any revision that is kept; one that is not active answers in a process of its own."""

from console.errors import NotFoundError, PolicyUndecidedError
from console.work import UNDECIDED, UnitOfWork
from policy.bundles import Bundle, read_bundle
from policy.decide import decide
from policy.decision import Decision, PolicyUnavailable, Query
from policy.embedded import EmbeddedDecider

NO_POLICY = "There is no policy of this revision here."


async def chosen_bundle(revision: str) -> Bundle:
    """Return the bundle of a revision, or the one that decides.

    Raises:
        NotFoundError: no bundle of this revision is kept.
    """
    active = read_bundle()
    if revision in {"", active.revision}:
        return active
    raise NotFoundError(NO_POLICY, ("unknown_revision",))


async def decide_under(work: UnitOfWork, bundle: Bundle, query: Query) -> Decision:
    """Return what the bundle answers.

    Raises:
        PolicyUndecidedError: it gives no answer.
    """
    services = work.services
    if bundle.revision == services.policy_revision:
        decision = await decide(services.decider, query, active_revision=bundle.revision)
    else:
        decision = await _decide_apart(bundle, query)
    if isinstance(decision, PolicyUnavailable):
        raise PolicyUndecidedError(UNDECIDED, decision.reasons)
    return decision


async def _decide_apart(bundle: Bundle, query: Query) -> Decision:
    decider = EmbeddedDecider(bundle)
    try:
        return await decide(decider, query, active_revision=bundle.revision)
    finally:
        await decider.close()
