from itertools import permutations
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from policy.approvals import Approval, missing, satisfied
from policy.decision import GroupCount

REQUESTER = UUID(int=100)
OWNER, REVIEWER = GroupCount("owner:risk", 1), GroupCount("reviewer", 1)
BOTH = (OWNER, REVIEWER)


def by(number: int, *groups: str) -> Approval:
    return Approval(UUID(int=number), frozenset(groups))


def test_nothing_approved_leaves_everything() -> None:
    assert missing(BOTH, []) == BOTH


def test_two_people_of_one_group_leave_the_other() -> None:
    assert missing(BOTH, [by(1, "owner:risk"), by(2, "owner:risk")]) == (REVIEWER,)


def test_one_person_fills_one_slot_only() -> None:
    assert len(missing(BOTH, [by(1, "owner:risk", "reviewer")])) == 1


def test_whoever_fits_twice_makes_room() -> None:
    for order in permutations([by(1, "owner:risk", "reviewer"), by(2, "owner:risk")]):
        assert missing(BOTH, order) == ()


def test_a_person_counted_twice_is_one_person() -> None:
    twice = [by(1, "owner:risk", "reviewer"), by(1, "owner:risk", "reviewer")]
    assert not satisfied(BOTH, twice, requester_id=REQUESTER)


def test_the_requester_counts_for_nothing() -> None:
    approvals = [Approval(REQUESTER, frozenset({"owner:risk"})), by(1, "reviewer")]
    assert not satisfied(BOTH, approvals, requester_id=REQUESTER)


def test_two_people_are_the_floor_whatever_policy_asks() -> None:
    assert not satisfied((REVIEWER,), [by(1, "reviewer")], requester_id=REQUESTER)
    assert satisfied((REVIEWER,), [by(1, "reviewer"), by(2, "reviewer")], requester_id=REQUESTER)


def test_somebody_who_was_not_asked_does_not_lift_the_floor() -> None:
    assert not satisfied((REVIEWER,), [by(1, "reviewer"), by(2, "owner:vision")], requester_id=REQUESTER)


def test_a_plan_that_asks_nobody_is_never_satisfied() -> None:
    assert not satisfied((), [by(1, "reviewer"), by(2, "reviewer")], requester_id=REQUESTER)


GROUPS = ("a", "b", "c")
REQUIRED = st.lists(st.builds(GroupCount, st.sampled_from(GROUPS), st.integers(1, 2)), max_size=3)
PEOPLE = st.lists(st.frozensets(st.sampled_from(GROUPS)), max_size=5)


def best(slots: list[str], people: list[frozenset[str]]) -> int:
    """The most slots that can be filled, by trying every order of people on the slots."""
    if not slots:
        return 0
    rest = slots[1:]
    seated = [
        1 + best(rest, people[:place] + people[place + 1 :])
        for place, groups in enumerate(people)
        if slots[0] in groups
    ]
    return max([best(rest, people), *seated])


@given(REQUIRED, PEOPLE)
def test_the_assignment_is_the_best_there_is(
    required: list[GroupCount], people: list[frozenset[str]]
) -> None:
    slots = [entry.group for entry in required for _ in range(entry.count)]
    approvals = [Approval(UUID(int=number), groups) for number, groups in enumerate(people)]
    left = sum(entry.count for entry in missing(required, approvals))
    assert left == len(slots) - best(slots, people)
