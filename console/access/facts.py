"""An access request as rules and policy see it: the change, its route, its reviews, and who may answer."""

import json
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from console.access.receiving import Receiver, find_member, find_receiver
from console.catalog.facts import RouteFacts, route_by_id
from console.catalog.forms import card_hash
from console.changes.facts import AnsweredChange, find_answers, find_change
from console.questions import Resource
from policy.access import AccessRequest
from policy.canonical import content_hash
from policy.decision import Document
from policy.facts import describe_change
from policy.models import Change, ChangeKind, PrincipalType
from sso.keys.selves import people_behind
from sso.links import accounts_of
from sso.models import Membership

NO_LONGER_THEIRS: Final = "The service account is disabled, or none of the team's any more."
NO_LONGER_IN_IT: Final = "The person it is for is kept out, or no longer in the team."
STALE: Final = "The model has changed since this was asked; it has to be asked anew."


@dataclass(frozen=True, slots=True)
class RequestFacts(AnsweredChange):
    """An access request, with its route, read in one transaction; `receiver` is who alone it is for."""

    route: RouteFacts
    receiver: Receiver | None = None
    gainers: frozenset[UUID] = frozenset()

    @property
    def parties(self) -> frozenset[UUID]:
        """Who would newly gain by it: the receiving team, by all accounts, unless the model is its own."""
        return self.gainers

    @property
    def team(self) -> str:
        """The team that owns the model."""
        return self.route.team.name

    def is_stale(self) -> bool:
        """Whether the model is no longer what the request's content says of it."""
        asked = self.content
        now = describe_content(
            self.route,
            self.change.requester_id,
            asked["team"],
            asked["purpose"],
            asked["duration_days"],
            receiver=self.receiver,
            monthly_calls=asked.get("monthly_calls"),
            renews=asked.get("renews"),
        )
        return content_hash(now) != self.change.content_hash

    def why_stale(self) -> str | None:
        """Say why it can no longer be approved."""
        if self.receiver is None and "service" in self.content:
            return NO_LONGER_THEIRS
        if self.receiver is None and "person" in self.content:
            return NO_LONGER_IN_IT
        return STALE if self.is_stale() else None

    def resource(self) -> Resource:
        """Return the request as a decision's resource: the route's facts, and the change beside them."""
        facts = self.route.resource().facts
        return Resource("access_request", self.change.id, facts, change=self.document())

    def document(self) -> Document:
        """Return the change as policy documents show it."""
        asked = self.content
        return describe_change(
            id=self.change.id,
            requester=self.change.requester_id,
            content_hash=self.change.content_hash,
            tier=asked["tier"],
            data_class=asked["data_class"],
            team=asked["route"]["team"],
            receiving_team=asked["team"],
            reviews=self.signed_reviews(),
            purpose=self.route.model.purpose,
            duration_days=asked["duration_days"],
            selves=self.answers.askers,
            overdue=self.answers.overdue,
            parties=self.parties,
        )


def describe_content(
    route: RouteFacts,
    requester_id: UUID,
    team: str,
    purpose: str,
    duration_days: int,
    *,
    receiver: Receiver | None = None,
    monthly_calls: int | None = None,
    renews: str | None = None,
) -> Document:
    """Return everything a reviewer is shown, the content that is hashed and signed.

    Raises:
        policy.errors.InvalidRequestError: purpose or duration is out of bounds.
    """
    service = receiver if receiver and receiver.kind is PrincipalType.SERVICE else None
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
        card_hash=card_hash(route.model.card),
        service=service.handle if service else None,
        service_id=str(service.id) if service else None,
        person_id=str(receiver.id) if receiver and not service else None,
        monthly_calls=monthly_calls,
        renews=renews,
    )
    return {**asked.content(), "title": route.model.title}


async def find_request(
    session: AsyncSession,
    change_id: UUID,
    now: int,
    for_change: bool = False,  # noqa: FBT001, FBT002 - what answers calls it by place
) -> RequestFacts | None:
    """Return the request with this id, or None.

    With `for_change` nobody changes it meanwhile, nor the model that it is about.
    """
    change = await find_change(session, change_id, for_change=for_change)
    if change is None or change.kind is not ChangeKind.ACCESS:
        return None
    route = await route_by_id(session, change.resource_id, for_change=for_change)
    answers = await find_answers(session, change, route.team.name, now)
    receiver = await _receiver(session, change, for_change=for_change)
    gainers = await accounts_of(session, await _gainers(session, change, route))
    return RequestFacts(change, answers, route, receiver, gainers)


async def _gainers(session: AsyncSession, change: Change, route: RouteFacts) -> frozenset[UUID]:
    """Return who would call what they could not: but for a team's own model somebody of it has to answer."""
    content = json.loads(change.content)
    if (person := content.get("person")) is not None:
        return frozenset({UUID(person["id"])})
    if change.team_id in {None, route.team.id}:
        return frozenset()
    if (service := content.get("service")) is not None:
        return await people_behind(session, UUID(service["id"]))
    members = select(Membership.person_id).where(col(Membership.team_id) == change.team_id)
    return frozenset(await session.exec(members))


async def _receiver(session: AsyncSession, change: Change, *, for_change: bool) -> Receiver | None:
    content = json.loads(change.content)
    if change.team_id is None:
        return None
    if (named := content.get("service")) is not None:
        return await find_receiver(session, UUID(named["id"]), change.team_id, for_change=for_change)
    if (named := content.get("person")) is not None:
        return await find_member(session, UUID(named["id"]), change.team_id, for_change=for_change)
    return None
