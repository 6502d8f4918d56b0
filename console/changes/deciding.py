"""Answers changes of the registered kinds, and carries the approved ones through."""

from uuid import UUID

from audit.events import Action
from console.changes.answering import Answering
from console.changes.asking import execute_change
from console.changes.forms import ChangeReviewed, ReviewCreate, SignedReview
from console.changes.kept import find_kept
from console.changes.kinds import KeptChange, kind_of
from console.changes.reviewing import sign_reviews
from console.work import UnitOfWork
from policy.models import Change, ChangeState
from policy.permissions import Permission


async def review_change(work: UnitOfWork, change_id: UUID, form: ReviewCreate) -> ChangeReviewed:
    """Approve or refuse a change, signed by a stepped-up sign-in; the last approval carries it out.

    Raises:
        NotFoundError: no such change, or none the caller may read.
        RefusedError: the caller asked for it, is whom it is about, is not asked, or has to sign in anew.
        ConflictError: another content was signed, it is decided, answered, or cannot be done any more.
    """
    answer = SignedReview(id=change_id, **form.model_dump())
    (reviewed,) = await sign_reviews(work, _answering(work), [answer])
    if reviewed.state == ChangeState.APPROVED:
        await _settle(work, change_id)
    return ChangeReviewed(id=reviewed.id, state=reviewed.state, review_id=reviewed.review_id)


def _answering(work: UnitOfWork) -> Answering[KeptChange]:
    return Answering(
        action=Action.CHANGE_REVIEW,
        reviewing=Permission.CHANGE_REVIEW,
        reading=Permission.CHANGE_READ,
        find=lambda session, change_id, _now, for_change: find_kept(
            work.services, session, change_id, by=work.principal.id, for_change=for_change
        ),
        execute=execute_change,
    )


async def _settle(work: UnitOfWork, change_id: UUID) -> None:
    async with work.read() as session:
        change = await session.get_one(Change, change_id)
    settle = kind_of(change.kind).settle
    if settle is not None:
        await settle(work.services)
