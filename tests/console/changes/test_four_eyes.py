"""No path carries a change out without a current, distinct quorum on its digest."""

from dataclasses import replace
from typing import Any, Final
from uuid import UUID

import pytest

from policy.changes import ChangeFacts, ReviewFacts
from policy.models import ChangeKind, ReviewDecision
from tests.console.changes import world
from tests.console.changes.acting import organisation
from tests.console.changes.machine import walk
from tests.console.changes.organisations import ORGANISATIONS_IN_CI, run
from tests.console.changes.world import Organisation, plan_of

STEPS_IN_CI: Final = 20_000


@pytest.mark.slow
def test_no_step_of_five_actors_carries_out_what_nobody_else_approved() -> None:
    steps, executed = walk(STEPS_IN_CI)
    assert steps >= STEPS_IN_CI
    assert executed > STEPS_IN_CI // 200  # else nothing was tried


@pytest.mark.slow
def test_no_generated_organisation_carries_out_what_nobody_else_approved() -> None:
    told = run(ORGANISATIONS_IN_CI)
    assert told.organisations == ORGANISATIONS_IN_CI
    assert told.executed > ORGANISATIONS_IN_CI // 10  # else nothing was tried
    assert told.refused > told.executed


def test_case_68_the_rule_in_force_decides_and_never_the_one_that_is_asked_for() -> None:
    org = organisation(people=4, twins=0)
    author, friend, *others = org.accounts
    lenient = plan_of("new", ("owner:law", 1), hours=None, further=())
    org.rules[ChangeKind.POLICY] = plan_of("old", ("reviewer", 1), hours=None, further=())
    org.members["owner:law"] = {author, friend}
    org.members["reviewer"] = {others[0]}
    org.ask(author, ChangeKind.POLICY, "a" * 64, candidate=(ChangeKind.POLICY, lenient))
    [change] = org.pending()
    for who in (author, friend, others[1]):
        org.sign(who, change, ReviewDecision.APPROVE, change.content_hash)
    assert (org.executed, org.refused) == ([], 3)
    org.sign(others[0], change, ReviewDecision.APPROVE, change.content_hash)
    assert org.executed == [change.id]
    assert org.rules[ChangeKind.POLICY] is lenient


def nobody(*_: object) -> frozenset[UUID]:
    return frozenset()


def keep_answers(facts: ChangeFacts, content_hash: str, _by: UUID) -> ChangeFacts:
    return replace(facts, content_hash=content_hash)


def trust_signatures(facts: ReviewFacts) -> frozenset[UUID]:
    return frozenset({facts.reviewer_id})


@pytest.mark.parametrize(
    ("where", "name", "weaker"),
    [
        (Organisation, "askers", nobody),
        (Organisation, "barred", nobody),
        (ReviewFacts, "voices", property(trust_signatures)),
        (world, "edit", keep_answers),
    ],
    ids=["another account of the requester", "who gains", "one human twice", "edit and restore"],
)
def test_a_rule_left_out_is_seen(monkeypatch: pytest.MonkeyPatch, where: Any, name: str, weaker: Any) -> None:
    """With one of the rules taken away, the same search finds what it must not allow."""
    monkeypatch.setattr(where, name, weaker)
    with pytest.raises(AssertionError, match="without a quorum"):
        run(ORGANISATIONS_IN_CI)
