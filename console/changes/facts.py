"""A change as rules and policy see it: what was asked, who answered, and for which groups they count now."""

import json
from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from console.changes.clock import is_overdue
from console.changes.standing import Voice, askers_of, voice_of
from console.questions import Resource
from policy.approvals import FEWEST_PEOPLE
from policy.changes import ChangeFacts, ReviewFacts, expire
from policy.decision import Document, GroupCount
from policy.facts import describe_review
from policy.models import Change, Review
from policy.plan import Plan, read_group_counts


@dataclass(frozen=True, slots=True)
class Answers:
    """What was answered to a change, read in one transaction.

    Attributes:
        voices: what each answer counts as now, not when it was signed, by the answer's id.
        askers: everybody who counts as having asked, now.
        overdue: whether the further groups may answer in the stead of those asked.
    """

    reviews: tuple[Review, ...]
    voices: Mapping[UUID, Voice]
    askers: frozenset[UUID]
    overdue: bool = False


@dataclass(frozen=True, slots=True)
class AnsweredChange(ABC):
    """A change read in one transaction, with its answers."""

    change: Change
    answers: Answers

    @property
    def reviews(self) -> tuple[Review, ...]:
        """The answers in the order they were signed."""
        return self.answers.reviews

    @property
    def content(self) -> dict[str, Any]:
        """What was asked, as it is signed."""
        found: dict[str, Any] = json.loads(self.change.content)
        return found

    @property
    def required(self) -> tuple[GroupCount, ...]:
        """Whose approvals the change needs."""
        return read_group_counts(json.loads(self.change.required))

    @property
    def further(self) -> tuple[str, ...]:
        """Who answers in the stead of those asked, once it is overdue."""
        return tuple(json.loads(self.change.further))

    @property
    def plan(self) -> Plan:
        """The plan as it was stored."""
        change = self.change
        why = tuple(json.loads(change.why))
        return Plan(self.required, (), why, change.policy_revision, None, self.further)

    @property
    def fewest(self) -> int:
        """How many people besides the requester approve at least."""
        return FEWEST_PEOPLE

    @property
    def parties(self) -> frozenset[UUID]:
        """Whom the change is about, or who would gain by it: they do not answer."""
        return frozenset()

    @property
    def team(self) -> str:
        """The team whose owner and reviewers are asked; none, and only roles without bounds answer."""
        return ""

    @abstractmethod
    def resource(self) -> Resource:
        """Return the change as a decision's resource."""

    @abstractmethod
    def document(self) -> Document:
        """Return the change as policy documents show it."""

    @abstractmethod
    def why_stale(self) -> str | None:
        """Say in a sentence why it can no longer be approved; None when it can."""

    def for_rules(self, now: int, plan: Plan | None = None) -> ChangeFacts:
        """Return the change as the pure rules take it, expired when its time has passed.

        `plan` is the one that counts, where another policy is active than when it was stored.
        """
        change, rule = self.change, plan or self.plan
        facts = ChangeFacts(
            id=change.id,
            requester_id=change.requester_id,
            content_hash=change.content_hash,
            created=change.created,
            state=change.state,
            reviews=tuple(self._review(review, rule) for review in self.reviews),
            fewest=self.fewest,
            parties=self.parties,
            selves=self.answers.askers,
        )
        return expire(facts, now)

    def signed_reviews(self) -> Sequence[Document]:
        """Return the reviews that sign the present content, as policy documents show them."""
        return [
            describe_review(
                item.reviewer_id,
                item.decision.value,
                self.counting(self.answers.voices[item.id], self.plan),
                stands_for=self._stood_for(item),
            )
            for item in self.reviews
            if item.content_hash == self.change.content_hash
        ]

    def _stood_for(self, review: Review) -> UUID | None:
        """Return for whom a deputy has answered; once that has ended they may answer themselves."""
        others = self.answers.voices[review.id].others
        return review.stands_for if review.stands_for in others else None

    def counting(self, voice: Voice, plan: Plan) -> frozenset[str]:
        """Return the groups a voice counts for: past its time, a further group's count for those asked."""
        if self.answers.overdue and not voice.groups.isdisjoint(plan.further):
            return voice.groups | {entry.group for entry in plan.required}
        return voice.groups

    def _review(self, review: Review, plan: Plan) -> ReviewFacts:
        voice = self.answers.voices[review.id]
        groups = self.counting(voice, plan)
        return ReviewFacts(review.reviewer_id, review.decision, groups, review.content_hash, voice.others)


async def find_change(session: AsyncSession, change_id: UUID, *, for_change: bool = False) -> Change | None:
    """Return the row of a change, or None; `for_change` keeps others from changing it meanwhile."""
    query = select(Change).where(col(Change.id) == change_id).execution_options(populate_existing=True)
    return (await session.exec(query.with_for_update() if for_change else query)).first()


async def find_answers(
    session: AsyncSession, change: Change, team: str, now: int, authors: Collection[UUID] = ()
) -> Answers:
    """Return the answers in the order they were signed, and what each counts as now.

    `authors` count as having asked, beside who did.
    """
    signed = select(Review).where(col(Review.change_id) == change.id).order_by(col(Review.created))
    reviews = tuple(await session.exec(signed))
    return Answers(
        reviews=reviews,
        voices={review.id: await voice_of(session, review, team, now) for review in reviews},
        askers=await askers_of(session, {change.requester_id, *authors}, now),
        overdue=await is_overdue(session, change, team, now),
    )
