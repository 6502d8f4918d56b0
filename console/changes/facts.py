"""A change as rules and policy see it: what was asked, who answered, and for which groups they count now."""

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from console.questions import Resource
from policy.approvals import FEWEST_PEOPLE
from policy.changes import ChangeFacts, ReviewFacts, expire
from policy.decision import Document, GroupCount
from policy.facts import describe_review, describe_subject, groups_of
from policy.models import Change, Review
from policy.plan import read_group_counts
from sso.models import Person, PersonState
from sso.rights import rights_of


@dataclass(frozen=True, slots=True)
class AnsweredChange(ABC):
    """A change read in one transaction; `groups` are those of each reviewer now, not when signing."""

    change: Change
    reviews: tuple[Review, ...]
    groups: Mapping[UUID, frozenset[str]]

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

    def for_rules(self, now: int) -> ChangeFacts:
        """Return the change as the pure rules take it, expired when its time has passed."""
        change = self.change
        facts = ChangeFacts(
            id=change.id,
            requester_id=change.requester_id,
            content_hash=change.content_hash,
            created=change.created,
            state=change.state,
            reviews=tuple(self._review(review) for review in self.reviews),
            fewest=self.fewest,
            parties=self.parties,
        )
        return expire(facts, now)

    def signed_reviews(self) -> Sequence[Document]:
        """Return the reviews that sign the present content, as policy documents show them."""
        return [
            describe_review(item.reviewer_id, item.decision.value, self.groups[item.reviewer_id])
            for item in self.reviews
            if item.content_hash == self.change.content_hash
        ]

    def _review(self, review: Review) -> ReviewFacts:
        groups = self.groups[review.reviewer_id]
        return ReviewFacts(review.reviewer_id, review.decision, groups, review.content_hash)


async def find_change(session: AsyncSession, change_id: UUID, *, for_change: bool = False) -> Change | None:
    """Return the row of a change, or None; `for_change` keeps others from changing it meanwhile."""
    query = select(Change).where(col(Change.id) == change_id).execution_options(populate_existing=True)
    return (await session.exec(query.with_for_update() if for_change else query)).first()


async def find_reviews(
    session: AsyncSession, change_id: UUID, team: str
) -> tuple[tuple[Review, ...], Mapping[UUID, frozenset[str]]]:
    """Return the answers in the order they were signed, and the groups of each reviewer now."""
    answers = select(Review).where(col(Review.change_id) == change_id).order_by(col(Review.created))
    reviews = tuple(await session.exec(answers))
    return reviews, {
        review.reviewer_id: await groups_now(session, review.reviewer_id, team) for review in reviews
    }


async def groups_now(session: AsyncSession, person_id: UUID, team: str) -> frozenset[str]:
    """Return the approval groups a person can answer for on what is `team`'s; none when disabled."""
    person = await session.get(Person, person_id)
    if person is None or person.state is not PersonState.ACTIVE:
        return frozenset()
    return groups_of(await subject_document(session, person_id), team)


async def subject_document(session: AsyncSession, person_id: UUID) -> Document:
    """Return a person's rights as `policy.facts.groups_of` reads them."""
    rights = await rights_of(session, person_id)
    return describe_subject(
        id=person_id,
        kind="person",
        method="session",
        owner_of=rights.owner_of,
        roles=[(str(role), scope) for role, scope in rights.roles],
    )
