"""Five actors in one organisation, driven by Hypothesis: any of them tries anything, in any order."""

import random
from collections.abc import Iterator
from uuid import UUID

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from policy.models import Change, ChangeKind, ReviewDecision
from tests.console.changes import acting
from tests.console.changes.acting import DIGESTS, KINDS, account, organisation
from tests.console.changes.world import GROUPS, HOUR, RECEIVING, Deputising

PEOPLE, TWINS = 5, 2
WHO = st.integers(0, PEOPLE + TWINS - 1).map(account)
GROUP = st.sampled_from((*GROUPS, RECEIVING, *acting.INNER))
WHICH = st.integers(0, 99)
STEPS_A_RUN = 50


class FourEyes(RuleBasedStateMachine):
    """Five people by seven accounts try whatever they like; `Organisation.sign` judges each execution."""

    steps = 0
    executed = 0

    def __init__(self) -> None:
        super().__init__()
        self.org = organisation(PEOPLE, TWINS)

    @initialize(seed=st.integers(0, 2**32))
    def begins(self, seed: int) -> None:
        acting.settle(self.org, random.Random(seed))  # noqa: S311 -- who is where, not a secret

    @rule(who=WHO, kind=st.sampled_from(KINDS[:2]), digest=st.sampled_from(DIGESTS), about=WHO)
    def asks(self, who: UUID, kind: ChangeKind, digest: str, about: UUID) -> None:
        self.org.ask(who, kind, digest, target=about if kind is ChangeKind.ROLE else None)

    @rule(who=WHO, kind=st.sampled_from(KINDS), number=WHICH, revision=st.integers(1, 10**6))
    def asks_for_another_rule(self, who: UUID, kind: ChangeKind, number: int, revision: int) -> None:
        candidate = kind, acting.rule(number, revision)
        self.org.ask(who, ChangeKind.POLICY, DIGESTS[0], candidate=candidate)

    @rule(who=WHO, which=WHICH, seen=st.sampled_from((None, *DIGESTS)), approves=st.integers(0, 19))
    def signs(self, who: UUID, which: int, seen: str | None, approves: int) -> None:
        for change in self._one(which):
            decision = ReviewDecision.APPROVE if approves else ReviewDecision.REFUSE
            self.org.sign(who, change, decision, seen or change.content_hash)

    @rule(which=WHICH)
    def everybody_signs(self, which: int) -> None:
        for who in self.org.accounts:
            for change in self._one(which):
                self.org.sign(who, change, ReviewDecision.APPROVE, change.content_hash)

    @rule(who=WHO, which=WHICH, digest=st.sampled_from(DIGESTS), own=st.booleans())
    def edits(self, who: UUID, which: int, digest: str, own: bool) -> None:
        for change in self._one(which):
            self.org.change_content(change.requester_id if own else who, change, digest)

    @rule(who=WHO, which=WHICH)
    def withdraws(self, who: UUID, which: int) -> None:
        for change in self._one(which):
            self.org.take_back(who, change)

    @rule(who=WHO, group=GROUP, inner=st.sampled_from((None, *acting.INNER)))
    def joins_or_leaves_a_group(self, who: UUID, group: str, inner: str | None) -> None:
        self.org.members[group] ^= {who}
        if inner is not None:
            self.org.nested[group] ^= {inner}

    @rule(who=WHO, deputy=WHO, hours=st.integers(1, 72), accepted=st.booleans())
    def names_a_deputy(self, who: UUID, deputy: UUID, hours: int, accepted: bool) -> None:
        if who != deputy:
            ends = self.org.now + hours * HOUR
            self.org.deputies.append(Deputising(who, deputy, ends, accepted))

    @rule(one=WHO, other=WHO)
    def is_found_to_be_one_human_or_not(self, one: UUID, other: UUID) -> None:
        if one != other:
            self.org.links ^= {frozenset({one, other})}

    @rule(who=WHO)
    def leaves_or_comes_back(self, who: UUID) -> None:
        if who in self.org.active:
            self.org.leave(who)
        else:
            self.org.active.add(who)

    @rule(hours=st.integers(1, 40))
    def time_passes(self, hours: int) -> None:
        self.org.now += hours * HOUR

    @invariant()
    def is_counted(self) -> None:
        FourEyes.steps += 1

    def teardown(self) -> None:
        FourEyes.executed += len(self.org.executed)

    def _one(self, which: int) -> Iterator[Change]:
        pending = self.org.pending()
        if pending:
            yield pending[which % len(pending)]


def walk(steps: int) -> tuple[int, int]:
    """Take at least so many steps; return how many were taken, and how many changes were carried out."""
    FourEyes.steps = FourEyes.executed = 0
    # One more step than rules are drawn is counted of each run: the beginning.
    chosen = settings(
        max_examples=steps // STEPS_A_RUN,
        stateful_step_count=STEPS_A_RUN,
        deadline=None,
        database=None,
        derandomize=False,  # each further run takes other steps
        suppress_health_check=list(HealthCheck),
    )
    while FourEyes.steps < steps:
        run_state_machine_as_test(FourEyes, settings=chosen)
    return FourEyes.steps, FourEyes.executed
