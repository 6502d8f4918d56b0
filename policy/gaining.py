"""What another bundle would allow that is not allowed now, asked of both in throw-away processes."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from policy.bundles import Bundle
from policy.decision import Query
from policy.errors import BundleError
from policy.replay import Again, Past, replay

NO_ENTRY: Final = UUID(int=0)
UNANSWERED: Final = "The candidate did not come to an end with every question."


def newly_allowed(active: Bundle, candidate: Bundle, queries: Sequence[Query]) -> list[bool]:
    """Return of each question whether the candidate allows what the active bundle does not.

    What the active bundle leaves undecided counts as not allowed, as it does when it is asked. The candidate
    must answer: rules that take long here may be quicker where they are in force.

    Raises:
        BundleError: one of them does not compile, or was given up, or the candidate left one unanswered.
    """
    now = [again.decision.allow for again in _ask(active, queries)]
    refused = [query for query, may in zip(queries, now, strict=True) if not may]
    then = _ask(candidate, refused)
    if not all(again.answered for again in then):
        raise BundleError(UNANSWERED)
    allowed = iter(again.decision.allow for again in then)
    return [not may and next(allowed) for may in now]


def _ask(bundle: Bundle, queries: Sequence[Query]) -> list[Again]:
    return list(replay(bundle, [Past(NO_ENTRY, one.document(), allow=False, reasons=()) for one in queries]))
