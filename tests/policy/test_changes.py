from collections.abc import Callable
from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from policy.changes import ChangeFacts, ReviewFacts, approvals, confirm, edit, expire, review, withdraw
from policy.decision import GroupCount
from policy.errors import (
    AlreadyReviewedError,
    ChangeClosedError,
    ChangeRefusedError,
    NotApprovedError,
    NotAskedToReviewError,
    OnlyRequesterMayWithdrawError,
    RequesterMayNotDecideError,
    StaleContentError,
)
from policy.models import ChangeState, ReviewDecision
from policy.plan import Plan

REQUESTER, OWNER, REVIEWER, OTHER = (UUID(int=number) for number in range(1, 5))
BOTH = (GroupCount("owner:risk", 1), GroupCount("reviewer", 1))
PLAN = Plan(BOTH, BOTH, ("tier:low",), "r")
DAY = 86_400_000_000
CHANGE = ChangeFacts(id=UUID(int=9), requester_id=REQUESTER, content_hash="now", created=0)


def answer(
    by: UUID, *groups: str, decision: ReviewDecision = ReviewDecision.APPROVE, seen: str = "now"
) -> ReviewFacts:
    return ReviewFacts(by, decision, frozenset(groups), seen)


def approved() -> ChangeFacts:
    return review(review(CHANGE, answer(OWNER, "owner:risk"), PLAN), answer(REVIEWER, "reviewer"), PLAN)


def test_one_approval_leaves_it_pending_and_the_second_approves_it() -> None:
    first = review(CHANGE, answer(OWNER, "owner:risk"), PLAN)
    assert first.state is ChangeState.PENDING
    assert review(first, answer(REVIEWER, "reviewer"), PLAN).state is ChangeState.APPROVED


def test_two_owners_do_not_replace_a_reviewer() -> None:
    first = review(CHANGE, answer(OWNER, "owner:risk"), PLAN)
    assert review(first, answer(OTHER, "owner:risk"), PLAN).state is ChangeState.PENDING


def test_one_person_with_both_roles_does_not_approve_alone() -> None:
    assert review(CHANGE, answer(OWNER, "owner:risk", "reviewer"), PLAN).state is ChangeState.PENDING


def test_a_policy_that_asks_for_one_person_still_needs_two() -> None:
    lenient = Plan((GroupCount("reviewer", 1),), (), (), "r")
    first = review(CHANGE, answer(OTHER, "reviewer"), lenient)
    assert first.state is ChangeState.PENDING
    assert review(first, answer(REVIEWER, "reviewer"), lenient).state is ChangeState.APPROVED


def test_one_refusal_ends_it() -> None:
    first = review(CHANGE, answer(OWNER, "owner:risk"), PLAN)
    refused = review(first, answer(REVIEWER, "reviewer", decision=ReviewDecision.REFUSE), PLAN)
    assert refused.state is ChangeState.REFUSED


@pytest.mark.parametrize(
    ("reviewed", "error"),
    [
        (answer(REQUESTER, "owner:risk", "reviewer"), RequesterMayNotDecideError),
        (answer(REQUESTER, decision=ReviewDecision.REFUSE), RequesterMayNotDecideError),
        (answer(OTHER), NotAskedToReviewError),
        (answer(OTHER, "owner:vision"), NotAskedToReviewError),
        (answer(OTHER, "owner:vision", decision=ReviewDecision.REFUSE), NotAskedToReviewError),
        (answer(REVIEWER, "reviewer", seen="before"), StaleContentError),
        (answer(REVIEWER, "reviewer", seen="before", decision=ReviewDecision.REFUSE), StaleContentError),
    ],
)
def test_who_may_not_review_changes_nothing(reviewed: ReviewFacts, error: type[ChangeRefusedError]) -> None:
    with pytest.raises(error):
        review(CHANGE, reviewed, PLAN)


def test_each_person_reviews_once() -> None:
    first = review(CHANGE, answer(OWNER, "owner:risk", "reviewer"), PLAN)
    with pytest.raises(AlreadyReviewedError):
        review(first, answer(OWNER, "reviewer"), PLAN)


@pytest.mark.parametrize("state", [state for state in ChangeState if state is not ChangeState.PENDING])
def test_what_is_decided_stays_decided(state: ChangeState) -> None:
    closed = replace(CHANGE, state=state)
    attempts: list[Callable[[], ChangeFacts]] = [
        lambda: review(closed, answer(OWNER, "owner:risk"), PLAN),
        lambda: withdraw(closed, REQUESTER),
    ]
    for attempt in attempts:
        with pytest.raises(ChangeClosedError):
            attempt()
    assert expire(closed, 400 * DAY) == closed


def test_an_edit_makes_earlier_approvals_stale() -> None:
    first = review(CHANGE, answer(OWNER, "owner:risk"), PLAN)
    edited = replace(first, content_hash="later")
    assert approvals(edited) == ()
    second = review(edited, answer(REVIEWER, "reviewer", seen="later"), PLAN)
    assert second.state is ChangeState.PENDING


def test_case_62_an_old_content_that_comes_back_needs_its_own_approval() -> None:
    first = review(CHANGE, answer(OWNER, "owner:risk"), PLAN)
    restored = edit(edit(first, "later", REQUESTER), "now", REQUESTER)
    assert (restored.content_hash, restored.reviews) == (CHANGE.content_hash, ())
    second = review(restored, answer(REVIEWER, "reviewer"), PLAN)
    assert second.state is ChangeState.PENDING
    with pytest.raises(OnlyRequesterMayWithdrawError):
        edit(first, "later", OWNER)
    with pytest.raises(ChangeClosedError):
        edit(approved(), "later", REQUESTER)


def test_only_the_requester_withdraws() -> None:
    with pytest.raises(OnlyRequesterMayWithdrawError):
        withdraw(CHANGE, OWNER)
    assert withdraw(CHANGE, REQUESTER).state is ChangeState.WITHDRAWN


def test_it_expires_after_thirty_days() -> None:
    assert expire(CHANGE, 30 * DAY - 1).state is ChangeState.PENDING
    assert expire(CHANGE, 30 * DAY).state is ChangeState.EXPIRED


def test_what_is_approved_is_confirmed_before_execution() -> None:
    confirm(approved(), PLAN)


@pytest.mark.parametrize(
    "spoiled",
    [
        replace(approved(), state=ChangeState.PENDING),
        replace(approved(), content_hash="later"),
        replace(approved(), requester_id=OWNER),
        replace(approved(), reviews=(answer(OWNER, "owner:risk"), answer(REVIEWER))),
        replace(approved(), reviews=approved().reviews[:1]),
        replace(approved(), reviews=(*approved().reviews, answer(OTHER, decision=ReviewDecision.REFUSE))),
    ],
    ids=["not approved", "edited", "own change", "role lost", "review gone", "refused"],
)
def test_what_no_longer_carries_is_not_executed(spoiled: ChangeFacts) -> None:
    with pytest.raises(NotApprovedError):
        confirm(spoiled, PLAN)


PEOPLE = st.sampled_from([REQUESTER, OWNER, REVIEWER, OTHER])
GROUPS = st.frozensets(st.sampled_from(["owner:risk", "reviewer", "owner:vision"]))


class FourEyes(RuleBasedStateMachine):
    """Anybody tries anything in any order; nothing is approved without two others."""

    def __init__(self) -> None:
        super().__init__()
        self.change = CHANGE

    @rule(
        by=PEOPLE,
        groups=GROUPS,
        decision=st.sampled_from(ReviewDecision),
        seen=st.sampled_from(["now", "before"]),
    )
    def reviews(self, by: UUID, groups: frozenset[str], decision: ReviewDecision, seen: str) -> None:
        self._try(lambda: review(self.change, ReviewFacts(by, decision, groups, seen), PLAN))

    @rule(by=PEOPLE)
    def withdraws(self, by: UUID) -> None:
        self._try(lambda: withdraw(self.change, by))

    @rule(to=st.sampled_from(["now", "before"]))
    def edits(self, to: str) -> None:
        if self.change.state is ChangeState.PENDING:
            self.change = replace(self.change, content_hash=to)

    @invariant()
    def approval_needs_two_other_people(self) -> None:
        if self.change.state is not ChangeState.APPROVED:
            return
        carried = {approval.person_id: approval.groups for approval in approvals(self.change)}
        carried.pop(REQUESTER, None)
        pairs = [
            (one, two)
            for one in carried
            for two in carried
            if one != two and "owner:risk" in carried[one] and "reviewer" in carried[two]
        ]
        assert pairs

    def _try(self, act: Callable[[], ChangeFacts]) -> None:
        try:
            self.change = act()
        except ChangeRefusedError:
            return


TestFourEyes = FourEyes.TestCase
TestFourEyes.settings = settings(max_examples=200, stateful_step_count=15, deadline=None)
