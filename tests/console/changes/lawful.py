"""The oracle: whether what was carried out had a quorum, told from what happened and from nothing else.

Written without the product's rules, by trying every way to seat the signers: slow, and easy to believe.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import permutations
from typing import TYPE_CHECKING
from uuid import UUID

from policy.models import Change, ChangeKind, ReviewDecision
from policy.plan import Plan

if TYPE_CHECKING:
    from tests.console.changes.world import Organisation


@dataclass(frozen=True, slots=True)
class Signed:
    """An answer as it was given: `at` orders it among edits."""

    at: int
    change: UUID
    who: UUID
    instead_of: UUID | None
    decision: ReviewDecision
    digest: str


def lawful(org: "Organisation", change: Change, plan: Plan) -> bool:
    """Whether different humans, none of them concerned, approved this digest since it was written."""
    since = org.edits[change.id]
    signed = [
        one
        for one in org.signed
        if one.change == change.id and one.at > since and one.digest == change.content_hash
    ]
    if any(one.decision is ReviewDecision.REFUSE and one.who in org.active for one in signed):
        return False
    slots = [entry.group for entry in plan.required for _ in range(entry.count)]
    lowest = 2 if change.kind is ChangeKind.ACCESS else 1
    count = max(len(slots), lowest)
    able = [one for one in signed if _fills(org, change, plan, one)]
    return any(_seated(org, plan, change, slots, row) for row in permutations(able, count))


def human(org: "Organisation", account: UUID) -> frozenset[UUID]:
    """Every account of the human behind one, found by walking the links."""
    found, last = {account}, 0
    while len(found) != last:
        last = len(found)
        for link in org.links:
            if found & link:
                found |= link
    return frozenset(found)


def _fills(org: "Organisation", change: Change, plan: Plan, one: Signed) -> bool:
    concerned = set(_concerned(org, change))
    speakers = set(_speakers(org, one))
    return not speakers & concerned and bool(_groups(org, change, plan, one))


def _concerned(org: "Organisation", change: Change) -> Iterator[UUID]:
    asked = human(org, change.requester_id)
    yield from asked
    for one in org.deputies:
        if one.person in asked and one.accepted and org.now < one.ends:
            yield from human(org, one.deputy)
    if (target := org.targets[change.id]) is not None:
        yield from human(org, target)
    if change.kind is ChangeKind.ACCESS:
        for account in org.accounts:
            if _inside(org, account, "receiving", frozenset()):
                yield from human(org, account)


def _speakers(org: "Organisation", one: Signed) -> Iterator[UUID]:
    yield from human(org, one.who)
    if one.instead_of is not None:
        yield from human(org, one.instead_of)


def _groups(org: "Organisation", change: Change, plan: Plan, one: Signed) -> set[str]:
    """Return the slots an answer may fill now."""
    if one.who not in org.active:
        return set()
    bearer = one.who
    if one.instead_of is not None:
        bearer = one.instead_of
        held = [
            each
            for each in org.deputies
            if (each.person, each.deputy) == (bearer, one.who) and each.accepted and org.now < each.ends
        ]
        if not held or bearer not in org.active:
            return set()
    wanted = {entry.group for entry in plan.required}
    mine = {group for group in wanted if _inside(org, bearer, group, frozenset())}
    late = change.due is not None and org.now >= change.due
    if late and any(_inside(org, bearer, group, frozenset()) for group in plan.further):
        return wanted
    return mine


def _inside(org: "Organisation", account: UUID, group: str, above: frozenset[str]) -> bool:
    if group in above:
        return False
    if account in org.members.get(group, ()):
        return True
    return any(_inside(org, account, inner, above | {group}) for inner in org.nested.get(group, ()))


def _seated(
    org: "Organisation", plan: Plan, change: Change, slots: list[str], row: tuple[Signed, ...]
) -> bool:
    heard: set[UUID] = set()
    for one in row:
        speakers = set(_speakers(org, one))
        if speakers & heard:
            return False
        heard |= speakers
    return all(slot in _groups(org, change, plan, one) for slot, one in zip(slots, row, strict=False))
