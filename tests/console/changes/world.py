"""An organisation in memory: what the tables of the real one hold, and what its people may try.

What decides is the product's own (`console.changes.counting`, `policy.changes`); the tables are lists here.
Every answer and edit is kept as it happened, so that the oracle (`lawful.py`) can judge each execution alone.
"""

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import UUID

from console.changes.counting import choose_voice, decide
from console.changes.facts import AnsweredChange, Answers
from console.changes.forms import ReviewCreate
from console.changes.standing import Voice
from console.questions import Resource
from policy.approvals import FEWEST_OTHERS, FEWEST_PEOPLE
from policy.canonical import canonical
from policy.changes import ChangeFacts, edit, withdraw
from policy.decision import Document, GroupCount
from policy.errors import ChangeRefusedError
from policy.models import Change, ChangeKind, ChangeState, Review, ReviewDecision
from policy.plan import Plan
from tests.console.changes.lawful import Signed, lawful

HOUR = 3_600_000_000
GROUPS = ("owner:risk", "reviewer", "owner:law")
RECEIVING = "receiving"


@dataclass(frozen=True, slots=True)
class Deputising:
    """A delegation: of whom, to whom, until when, and whether the deputy has accepted."""

    person: UUID
    deputy: UUID
    ends: int
    accepted: bool


@dataclass(frozen=True, slots=True)
class Kept(AnsweredChange):
    """A change of the organisation; `target` is whom it is about, `gaining` who would gain by it."""

    about: frozenset[UUID]
    lowest: int

    @property
    def fewest(self) -> int:
        return self.lowest

    @property
    def parties(self) -> frozenset[UUID]:
        return self.about

    def resource(self) -> Resource:
        return Resource("change", self.change.id)

    def document(self) -> Document:
        return {}

    def why_stale(self) -> str | None:
        return None


@dataclass
class Organisation:
    """People by account, nested groups, deputies, links, rules and changes; `executed` was carried out."""

    accounts: list[UUID]
    rules: dict[ChangeKind, Plan]
    now: int = 0
    active: set[UUID] = field(default_factory=set)
    members: dict[str, set[UUID]] = field(default_factory=dict)
    nested: dict[str, set[str]] = field(default_factory=dict)
    deputies: list[Deputising] = field(default_factory=list)
    links: set[frozenset[UUID]] = field(default_factory=set)
    changes: dict[UUID, Change] = field(default_factory=dict)
    targets: dict[UUID, UUID | None] = field(default_factory=dict)
    reviews: dict[UUID, list[Review]] = field(default_factory=dict)
    signed: list[Signed] = field(default_factory=list)
    edits: dict[UUID, int] = field(default_factory=dict)
    candidates: dict[UUID, tuple[ChangeKind, Plan]] = field(default_factory=dict)
    executed: list[UUID] = field(default_factory=list)
    refused: int = 0
    clock: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    def __post_init__(self) -> None:
        self.active = set(self.accounts)

    # What the tables answer.

    def accounts_of(self, people: set[UUID] | frozenset[UUID]) -> frozenset[UUID]:
        found = set(people)
        while more := {one for link in self.links if link & found for one in link} - found:
            found |= more
        return frozenset(found)

    def holders(self, group: str) -> frozenset[UUID]:
        """Everybody in a group, or in a group inside it."""
        seen, front = set[str](), {group}
        while front:
            seen |= front
            front = {one for name in front for one in self.nested.get(name, ())} - seen
        return frozenset(one for name in seen for one in self.members.get(name, ()))

    def groups(self, person: UUID) -> frozenset[str]:
        if person not in self.active:
            return frozenset()
        return frozenset(group for group in GROUPS if person in self.holders(group))

    def in_force(self, one: Deputising) -> bool:
        return one.accepted and self.now < one.ends

    def askers(self, requester: UUID) -> frozenset[UUID]:
        people = self.accounts_of({requester})
        deputies = {one.deputy for one in self.deputies if one.person in people and self.in_force(one)}
        return self.accounts_of(people | deputies)

    def voices(self, person: UUID) -> list[Voice]:
        own = self.accounts_of({person})
        found = [Voice(self.groups(person), own - {person})]
        if person not in self.active:
            return found
        for one in self.deputies:
            if one.deputy == person and self.in_force(one):
                others = (own | self.accounts_of({one.person})) - {person}
                found.append(Voice(self.groups(one.person), others, one.person))
        return found

    def voice(self, review: Review) -> Voice:
        for voice in self.voices(review.reviewer_id):
            if voice.stands_for == review.stands_for:
                return voice
        return Voice(frozenset(), self.accounts_of({review.reviewer_id}), review.stands_for)

    def find(self, change: Change) -> Kept:
        reviews = tuple(self.reviews[change.id])
        voices = {one.id: self.voice(one) for one in reviews}
        overdue = change.due is not None and self.now >= change.due and change.further != "[]"
        answers = Answers(reviews, voices, self.askers(change.requester_id), overdue)
        lowest = FEWEST_PEOPLE if change.kind is ChangeKind.ACCESS else FEWEST_OTHERS
        return Kept(change, answers, self.barred(change), lowest)

    def barred(self, change: Change) -> frozenset[UUID]:
        """Whom it is about, or who would gain by it, by all accounts."""
        target = self.targets[change.id]
        gaining = self.holders(RECEIVING) if change.kind is ChangeKind.ACCESS else frozenset()
        return self.accounts_of(gaining | ({target} if target else set()))

    # What people do.

    def ask(
        self,
        who: UUID,
        kind: ChangeKind,
        digest: str,
        target: UUID | None = None,
        candidate: tuple[ChangeKind, Plan] | None = None,
    ) -> None:
        if who not in self.active:
            return
        change_id, plan = self._id(), self.rules[kind]
        due = None if plan.answer_hours is None else self.now + plan.answer_hours * HOUR
        self.changes[change_id] = Change(
            id=change_id,
            kind=kind,
            resource_type="thing",
            resource_id=change_id,
            requester_id=who,
            content="{}",
            content_hash=digest,
            state=ChangeState.PENDING,
            required=canonical(plan.required_document()).decode(),
            policy_revision=plan.revision,
            created=self.now,
            due=due,
            further=canonical(list(plan.further)).decode(),
        )
        self.targets[change_id], self.reviews[change_id] = target, []
        self.edits[change_id] = next(self.clock)
        if candidate is not None:
            self.candidates[change_id] = candidate

    def sign(self, who: UUID, change: Change, decision: ReviewDecision, seen: str) -> None:
        found, plan = self.find(change), self.rules[change.kind]
        if change.policy_revision == plan.revision:
            plan = found.plan
        voice = choose_voice(found, self.voices(who), plan)
        answer = ReviewCreate(decision=decision, meaning="I mean it", reason="so it is", content_hash=seen)
        after = self._try(lambda: decide(who, found, answer, voice, plan=plan, now=self.now))
        if after is None:
            return
        self._keep(who, change, answer, voice, after.state)
        change.required, change.policy_revision = self._written(plan)
        change.further = canonical(list(plan.further)).decode()
        if after.state is ChangeState.APPROVED:
            assert lawful(self, change, self.rules[change.kind]), "carried out without a quorum"
            self.executed.append(change.id)
            if change.id in self.candidates:
                kind, rule = self.candidates[change.id]
                self.rules[kind] = rule

    def change_content(self, who: UUID, change: Change, digest: str) -> None:
        """Edit: another content, or an old one once more."""
        facts = self.find(change).for_rules(self.now)
        after = self._try(lambda: edit(facts, digest, who))
        if after is None:
            return
        change.content_hash = after.content_hash
        if not after.reviews:
            self.reviews[change.id] = []
        self.edits[change.id] = next(self.clock)

    def take_back(self, who: UUID, change: Change) -> None:
        facts = self.find(change).for_rules(self.now)
        if self._try(lambda: withdraw(facts, who)) is not None:
            change.state = ChangeState.WITHDRAWN

    def leave(self, who: UUID) -> None:
        """Disable somebody: what they asked for is withdrawn, what they answered is void."""
        self.active.discard(who)
        for change in self.pending():
            if change.requester_id == who:
                change.state = ChangeState.WITHDRAWN
            kept = [one for one in self.reviews[change.id] if one.reviewer_id != who]
            self.reviews[change.id] = kept
        self.deputies = [one for one in self.deputies if who not in {one.person, one.deputy}]

    def pending(self) -> list[Change]:
        return [one for one in self.changes.values() if one.state is ChangeState.PENDING]

    def _keep(
        self, who: UUID, change: Change, answer: ReviewCreate, voice: Voice, state: ChangeState
    ) -> None:
        review = Review(
            id=self._id(),
            change_id=change.id,
            reviewer_id=who,
            decision=answer.decision,
            groups="[]",
            meaning=answer.meaning,
            reason=answer.reason,
            content_hash=answer.content_hash,
            created=self.now,
            stands_for=voice.stands_for,
        )
        self.reviews[change.id].append(review)
        self.signed.append(
            Signed(next(self.clock), change.id, who, voice.stands_for, answer.decision, answer.content_hash)
        )
        change.state = state

    def _written(self, plan: Plan) -> tuple[str, str]:
        return canonical(plan.required_document()).decode(), plan.revision

    def _id(self) -> UUID:
        return UUID(int=(1 << 100) + next(self.clock))

    def _try(self, act: Callable[[], ChangeFacts]) -> ChangeFacts | None:
        try:
            return act()
        except ChangeRefusedError:
            self.refused += 1
            return None


def plan_of(revision: str, *wanted: tuple[str, int], hours: int | None, further: tuple[str, ...]) -> Plan:
    """Return a plan as policy would have answered it."""
    required = tuple(GroupCount(group, count) for group, count in wanted)
    return Plan(required, (), (), revision, hours, further)
