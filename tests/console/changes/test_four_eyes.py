"""No path carries a change out without a current, distinct quorum on its digest."""

from dataclasses import replace
from typing import Any, Final
from uuid import UUID

import pytest

from policy.changes import ChangeFacts, ReviewFacts
from tests.console.changes import world
from tests.console.changes.machine import walk
from tests.console.changes.organisations import ORGANISATIONS_IN_CI, run
from tests.console.changes.world import Organisation

STEPS_IN_CI: Final = 20_000


def test_no_step_of_five_actors_carries_out_what_nobody_else_approved() -> None:
    steps, executed = walk(STEPS_IN_CI)
    assert steps >= STEPS_IN_CI
    assert executed > STEPS_IN_CI // 200  # else nothing was tried


def test_no_generated_organisation_carries_out_what_nobody_else_approved() -> None:
    told = run(ORGANISATIONS_IN_CI)
    assert told.organisations == ORGANISATIONS_IN_CI
    assert told.executed > ORGANISATIONS_IN_CI // 10  # else nothing was tried
    assert told.refused > told.executed


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
