"""A change and the reviews that sign it, as frozen values; states follow from rules without a database.

Whoever counts as having asked, or has to do with the change, decides nothing: these are sets of accounts, in
which one human is all of theirs (``console.changes.standing`` resolves them each time rules are applied).
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID

from policy.approvals import FEWEST_PEOPLE, Approval, satisfied
from policy.errors import (
    AlreadyReviewedError,
    ChangeClosedError,
    NotApprovedError,
    NotAskedToReviewError,
    OnlyRequesterMayWithdrawError,
    PartyMayNotDecideError,
    RequesterMayNotDecideError,
    StaleContentError,
)
from policy.grants import MICROSECONDS_A_DAY
from policy.models import ChangeState, ReviewDecision
from policy.plan import Plan

EXPIRES_AFTER_DAYS: Final = 30


@dataclass(frozen=True, slots=True)
class ReviewFacts:
    """One person's signed answer.

    Attributes:
        groups: the groups the answer counts for now, not only when signing; a deputy's are those of whom
            it stands for.
        content_hash: the hash of what the reviewer saw.
        others: every other account whose voice this is: the same human's, and whom a deputy stands for.
    """

    reviewer_id: UUID
    decision: ReviewDecision
    groups: frozenset[str]
    content_hash: str
    others: frozenset[UUID] = frozenset()

    @property
    def voices(self) -> frozenset[UUID]:
        """Everybody who has spoken by this answer; two answers with one in common are one."""
        return self.others | {self.reviewer_id}


@dataclass(frozen=True, slots=True)
class ChangeFacts:
    """What the rules need of a change. ``created`` is in microseconds.

    Attributes:
        fewest: how many people besides the requester approve at least, whatever the plan says.
        parties: whom the change is about or who would gain by it; their answers never count.
        selves: who counts as having asked: other accounts, deputies, people behind a service account.
    """

    id: UUID
    requester_id: UUID
    content_hash: str
    created: int
    state: ChangeState = ChangeState.PENDING
    reviews: tuple[ReviewFacts, ...] = ()
    fewest: int = FEWEST_PEOPLE
    parties: frozenset[UUID] = frozenset()
    selves: frozenset[UUID] = frozenset()

    @property
    def askers(self) -> frozenset[UUID]:
        """Everybody who counts as having asked."""
        return self.selves | {self.requester_id}


def review(change: ChangeFacts, answer: ReviewFacts, plan: Plan) -> ChangeFacts:
    """Add one review and return the change in its new state.

    A refusal ends the change. The last missing approval approves it.

    Raises:
        ChangeClosedError: it is decided already.
        RequesterMayNotDecideError: the reviewer asked for it, or counts as having asked.
        PartyMayNotDecideError: the change is about the reviewer.
        NotAskedToReviewError: none of the reviewer's groups is required.
        AlreadyReviewedError: the person has answered, by another account or a deputy too.
        StaleContentError: another content was signed.
    """
    _admit(change, answer, plan)
    reviewed = replace(change, reviews=(*change.reviews, answer))
    if answer.decision is ReviewDecision.REFUSE:
        return replace(reviewed, state=ChangeState.REFUSED)
    if _carried(reviewed, plan):
        return replace(reviewed, state=ChangeState.APPROVED)
    return reviewed


def approvals(change: ChangeFacts) -> tuple[Approval, ...]:
    """Return the approvals that sign the content the change has now, one of each human."""
    return tuple(Approval(answer.reviewer_id, answer.groups) for answer in _distinct(_valid(change)))


def confirm(change: ChangeFacts, plan: Plan) -> None:
    """Check again, right before execution, that the approvals still carry the change.

    Pass the reviewers' groups and accounts of now: who lost the role in between no longer counts.

    Raises:
        NotApprovedError: they do not.
    """
    refused = any(answer.decision is ReviewDecision.REFUSE for answer in change.reviews)
    if change.state is not ChangeState.APPROVED or refused or not _carried(change, plan):
        raise NotApprovedError("The approvals do not carry this change.")


def edit(change: ChangeFacts, content_hash: str, by: UUID) -> ChangeFacts:
    """Give a pending change another content: every answer is void, also if an old content comes back.

    Raises:
        ChangeClosedError: it is decided already.
        OnlyRequesterMayWithdrawError: somebody else asked for it.
    """
    _require_own(change, by)
    return replace(change, content_hash=content_hash, reviews=())


def withdraw(change: ChangeFacts, by: UUID) -> ChangeFacts:
    """Withdraw a pending change.

    Raises:
        ChangeClosedError: it is decided already.
        OnlyRequesterMayWithdrawError: somebody else asked for it.
    """
    _require_own(change, by)
    return replace(change, state=ChangeState.WITHDRAWN)


def expire(change: ChangeFacts, now: int) -> ChangeFacts:
    """Return the change as expired when it has been pending for 30 days, else as it is."""
    old = now - change.created >= EXPIRES_AFTER_DAYS * MICROSECONDS_A_DAY
    if change.state is ChangeState.PENDING and old:
        return replace(change, state=ChangeState.EXPIRED)
    return change


def _admit(change: ChangeFacts, answer: ReviewFacts, plan: Plan) -> None:
    if answer.voices & change.askers:
        raise RequesterMayNotDecideError("Whoever asked for a change may not decide on it.")
    if answer.voices & change.parties:
        raise PartyMayNotDecideError("Whoever a change is about may not decide on it.")
    _require_pending(change)
    if answer.groups.isdisjoint(entry.group for entry in plan.required):
        raise NotAskedToReviewError("This change asks none of the reviewer's groups.")
    if any(answer.voices & earlier.voices for earlier in change.reviews):
        raise AlreadyReviewedError("Each person reviews a change once.")
    if answer.content_hash != change.content_hash:
        raise StaleContentError("The review signs another content than the change has now.")


def _valid(change: ChangeFacts) -> Iterable[ReviewFacts]:
    barred = change.askers | change.parties
    return (
        answer
        for answer in change.reviews
        if answer.decision is ReviewDecision.APPROVE
        and answer.content_hash == change.content_hash
        and answer.voices.isdisjoint(barred)
    )


def _distinct(answers: Iterable[ReviewFacts]) -> Iterable[ReviewFacts]:
    """Leave out who has spoken before: accounts found to be one human after they answered count once."""
    heard: set[UUID] = set()
    for answer in answers:
        if answer.voices.isdisjoint(heard):
            heard |= answer.voices
            yield answer


def _carried(change: ChangeFacts, plan: Plan) -> bool:
    return satisfied(plan.required, approvals(change), requester_id=change.requester_id, fewest=change.fewest)


def _require_own(change: ChangeFacts, by: UUID) -> None:
    if by != change.requester_id:
        raise OnlyRequesterMayWithdrawError("Only whoever asked for the change may withdraw it.")
    _require_pending(change)


def _require_pending(change: ChangeFacts) -> None:
    if change.state is not ChangeState.PENDING:
        raise ChangeClosedError(f"The change is {change.state.value} already.")
