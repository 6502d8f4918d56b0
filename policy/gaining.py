"""What another bundle would allow that is not allowed now, asked of both in throw-away processes."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from policy.bundles import Bundle
from policy.decision import Query
from policy.replay import Past, replay

NO_ENTRY: Final = UUID(int=0)


def newly_allowed(active: Bundle, candidate: Bundle, queries: Sequence[Query]) -> list[bool]:
    """Return of each question whether the candidate allows what the active bundle does not.

    What the active bundle leaves undecided counts as not allowed, as it does when it is asked.

    Raises:
        BundleError: one of them does not compile, or was given up.
    """
    now = _allowed(active, queries)
    refused = [query for query, may in zip(queries, now, strict=True) if not may]
    then = iter(_allowed(candidate, refused))
    return [not may and next(then) for may in now]


def _allowed(bundle: Bundle, queries: Sequence[Query]) -> list[bool]:
    asked = [Past(NO_ENTRY, query.document(), allow=False, reasons=()) for query in queries]
    return [again.decision.allow for again in replay(bundle, asked)]
