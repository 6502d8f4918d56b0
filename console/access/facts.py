"""An access request as rules and policy see it: the change, its route, its reviews, and who may answer."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from console.catalog.facts import RouteFacts, route_by_id
from console.questions import Resource
from policy.access import AccessRequest
from policy.canonical import content_hash
from policy.changes import ChangeFacts, ReviewFacts, expire
from policy.decision import Document, GroupCount
from policy.facts import describe_change, describe_review, describe_subject, groups_of
from policy.models import Change, Review
from policy.plan import read_group_counts
from sso.models import Person, PersonState
from sso.rights import rights_of


@dataclass(frozen=True, slots=True)
class RequestFacts:
    """A request read in one transaction; `groups` are those of each reviewer now, not when signing."""

    change: Change
    route: RouteFacts
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

    def is_stale(self) -> bool:
        """Whether the model is no longer what the request's content says of it."""
        asked = self.content
        now = describe_content(
            self.route, self.change.requester_id, asked["team"], asked["purpose"], asked["duration_days"]
        )
        return content_hash(now) != self.change.content_hash

    def for_rules(self, now: int) -> ChangeFacts:
        """Return the change as the pure rules take it, expired when its time has passed."""
        change = self.change
        reviews = tuple(self._review(review) for review in self.reviews)
        facts = ChangeFacts(
            change.id, change.requester_id, change.content_hash, change.created, change.state, reviews
        )
        return expire(facts, now)

    def resource(self) -> Resource:
        """Return the request as a decision's resource: the route's facts, and the change beside them."""
        facts = self.route.resource().facts
        return Resource("access_request", self.change.id, facts, change=self.document())

    def document(self) -> Document:
        """Return the change as policy documents show it."""
        asked = self.content
        signed = [review for review in self.reviews if review.content_hash == self.change.content_hash]
        return describe_change(
            id=self.change.id,
            requester=self.change.requester_id,
            content_hash=self.change.content_hash,
            tier=asked["tier"],
            data_class=asked["data_class"],
            team=asked["route"]["team"],
            receiving_team=asked["team"],
            reviews=[
                describe_review(item.reviewer_id, item.decision.value, self.groups[item.reviewer_id])
                for item in signed
            ],
        )

    def _review(self, review: Review) -> ReviewFacts:
        groups = self.groups[review.reviewer_id]
        return ReviewFacts(review.reviewer_id, review.decision, groups, review.content_hash)


def describe_content(
    route: RouteFacts, requester_id: UUID, team: str, purpose: str, duration_days: int
) -> Document:
    """Return everything a reviewer is shown, the content that is hashed and signed.

    Raises:
        policy.errors.InvalidRequestError: purpose or duration is out of bounds.
    """
    asked = AccessRequest(
        requester_id=str(requester_id),
        route=route.route.name,
        route_id=str(route.route.id),
        team=team,
        owner_team=route.team.name,
        visibility=route.model.visibility.value,
        tier=route.model.tier.value,
        data_class=route.model.data_class.value,
        purpose=purpose,
        duration_days=duration_days,
        card_hash=hashlib.sha256(route.model.card.encode()).hexdigest(),
    )
    return {**asked.content(), "title": route.model.title}


async def find_request(
    session: AsyncSession, change_id: UUID, *, for_change: bool = False
) -> RequestFacts | None:
    """Return the request with this id, or None; `for_change` keeps others from changing it meanwhile."""
    query = select(Change).where(col(Change.id) == change_id).execution_options(populate_existing=True)
    change = (await session.exec(query.with_for_update() if for_change else query)).first()
    if change is None:
        return None
    route = await route_by_id(session, change.resource_id)
    answers = select(Review).where(col(Review.change_id) == change_id).order_by(col(Review.created))
    reviews = tuple(await session.exec(answers))
    groups = {
        review.reviewer_id: await groups_now(session, review.reviewer_id, route.team.name)
        for review in reviews
    }
    return RequestFacts(change, route, reviews, groups)


async def groups_now(session: AsyncSession, person_id: UUID, team: str) -> frozenset[str]:
    """Return the approval groups a person can answer for on models of `team`; none when disabled."""
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
