"""Signs reviews of access requests; the last missing approval makes the grant, in the same transaction."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from audit.events import Action
from console.access.facts import RequestFacts, find_request
from console.access.granting import grant_access
from console.changes.answering import Answering
from console.changes.forms import ReviewCreate, Reviewed, SignedReview
from console.changes.reviewing import sign_reviews
from console.work import UnitOfWork
from policy.permissions import Permission

ACCESS: Final = Answering[RequestFacts](
    action=Action.ACCESS_REQUEST_REVIEW,
    reviewing=Permission.ACCESS_REQUEST_REVIEW,
    reading=Permission.ACCESS_REQUEST_READ,
    find=find_request,
    execute=grant_access,
)


async def review_request(work: UnitOfWork, change_id: UUID, form: ReviewCreate) -> Reviewed:
    """Answer one access request; raises as `submit_reviews`."""
    answer = SignedReview(id=change_id, **form.model_dump())
    return (await submit_reviews(work, [answer]))[0]


async def submit_reviews(work: UnitOfWork, answers: Sequence[SignedReview]) -> list[Reviewed]:
    """Answer several access requests by one sign-in: all count, or none.

    Raises:
        NotFoundError: no such request, or none the caller may read.
        RefusedError: the caller asked for it, is not asked, or has to sign in anew (step-up).
        ConflictError: another content was signed, or the request or the caller's answer is there already.
    """
    return await sign_reviews(work, ACCESS, answers)
