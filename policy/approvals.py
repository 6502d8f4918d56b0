"""Which groups the approvals so far leave open: distinct people matched to slots, one person one slot."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from policy.decision import GroupCount

FEWEST_PEOPLE: Final = 2
"""However little a policy asks for, two people other than the requester approve a right to call."""
FEWEST_OTHERS: Final = 1
"""However little a policy asks for, a change of another kind takes its author and one other person."""


NEVER_AUTOMATIC: Final = frozenset({"high", "personal", "special"})
"""Tiers and data classes of which somebody always answers, whatever a policy lets go by itself."""


def may_be_automatic(tier: str, data_class: str) -> bool:
    """Whether access to such a model may be given without an answer, where a policy says so."""
    return NEVER_AUTOMATIC.isdisjoint({tier, data_class})


@dataclass(frozen=True, slots=True)
class Approval:
    """A person who approved, and the groups that person can answer for."""

    person_id: UUID
    groups: frozenset[str]


def satisfied(
    required: Sequence[GroupCount],
    approvals: Sequence[Approval],
    *,
    requester_id: UUID,
    fewest: int = FEWEST_PEOPLE,
) -> bool:
    """Whether every slot is filled by a different person, and at least ``fewest`` others approved."""
    valid = _valid(required, approvals, requester_id)
    return bool(required) and len(valid) >= max(fewest, FEWEST_OTHERS) and not missing(required, valid)


def missing(required: Sequence[GroupCount], approvals: Iterable[Approval]) -> tuple[GroupCount, ...]:
    """Return the groups and counts that the best assignment of people to slots leaves open."""
    slots = [entry.group for entry in required for _ in range(entry.count)]
    holders = _match(slots, {approval.person_id: approval.groups for approval in approvals})
    open_slots = [group for place, group in enumerate(slots) if place not in holders]
    return tuple(GroupCount(group, open_slots.count(group)) for group in dict.fromkeys(open_slots))


def _valid(
    required: Sequence[GroupCount], approvals: Sequence[Approval], requester_id: UUID
) -> tuple[Approval, ...]:
    wanted = {entry.group for entry in required}
    people = {
        approval.person_id: approval
        for approval in approvals
        if approval.person_id != requester_id and approval.groups & wanted
    }
    return tuple(people.values())


def _match(slots: Sequence[str], people: dict[UUID, frozenset[str]]) -> dict[int, UUID]:
    """Return a largest assignment of people to slots (Kuhn's augmenting paths)."""
    holders: dict[int, UUID] = {}
    for person in people:
        _seat(person, slots, people, holders, set())
    return holders


def _seat(
    person: UUID,
    slots: Sequence[str],
    people: dict[UUID, frozenset[str]],
    holders: dict[int, UUID],
    tried: set[int],
) -> bool:
    for place, group in enumerate(slots):
        if group not in people[person] or place in tried:
            continue
        tried.add(place)
        if place not in holders or _seat(holders[place], slots, people, holders, tried):
            holders[place] = person
            return True
    return False
