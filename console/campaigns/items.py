"""The grants of a scope as reviewers see them: who holds what, its risk, its use, and who else has it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from console.campaigns.uses import NEVER, Use, uses_of
from console.clock import to_text
from console.models import Campaign, CampaignItem, Model, Route, Tier
from policy.canonical import canonical, content_hash
from policy.decision import Document
from policy.models import Grant, PrincipalType
from sso.models import Membership, ServiceAccount, Team


@dataclass(frozen=True, slots=True)
class Held:
    """A grant in force, the route it is on and the team that owns it."""

    grant: Grant
    route: Route
    model: Model
    owner: Team


async def held_in_scope(
    session: AsyncSession, now: int, team_id: UUID | None = None, tier: Tier | None = None
) -> list[Held]:
    """Return the grants in force on the routes of a team (or all), of a tier (or all), oldest first."""
    query = _select_held().where(in_force(now)).order_by(col(Grant.starts), col(Grant.id))
    if team_id is not None:
        query = query.where(col(Model.team_id) == team_id)
    if tier is not None:
        query = query.where(col(Model.tier) == tier)
    return [Held(*row) for row in await session.exec(query)]


async def find_held(
    session: AsyncSession, grant_id: UUID, now: int | None, *, for_change: bool = False
) -> Held | None:
    """Return a grant in force at `now`, or any by this id where that is None; None when there is none.

    With `for_change` nobody changes its model meanwhile.
    """
    query = _select_held().where(col(Grant.id) == grant_id).execution_options(populate_existing=True)
    query = query.with_for_update(read=True, of=Model) if for_change else query
    row = (await session.exec(query if now is None else query.where(in_force(now)))).first()
    return Held(*row) if row else None


def in_force(now: int) -> sa.ColumnElement[bool]:
    """Return the condition that a grant counts at `now`."""
    return sa.and_(col(Grant.revoked_at).is_(None), col(Grant.starts) <= now, col(Grant.ends) > now)


def _select_held() -> Any:  # noqa: ANN401 - SQLModel's select of four tables has no nameable type
    return (
        select(Grant, Route, Model, Team)
        .join(Route, col(Route.id) == col(Grant.resource_id))
        .join(Model, col(Model.id) == col(Route.model_id))
        .join(Team, col(Team.id) == col(Model.team_id))
    )


async def make_items(
    session: AsyncSession, campaign: Campaign, chosen: Sequence[Held], held: Sequence[Held], now: int
) -> list[CampaignItem]:
    """Return the items of a campaign about the chosen grants; `held` is its whole scope, for their peers."""
    uses = await uses_of(session, [one.grant.id for one in chosen], now)
    reaches = await _reaches(session, held)
    return [_item(campaign, one, uses.get(one.grant.id, NEVER), reaches[one.grant.id]) for one in chosen]


def _item(campaign: Campaign, held: Held, use: Use, reach: tuple[int, int]) -> CampaignItem:
    content = describe_item(campaign, held, use, reach)
    return CampaignItem(
        campaign_id=campaign.id,
        grant_id=held.grant.id,
        content=canonical(content).decode(),
        content_hash=content_hash(content),
    )


def describe_item(campaign: Campaign, held: Held, use: Use, reach: tuple[int, int]) -> Document:
    """Return what a reviewer is shown of one grant and signs: ids and numbers, never people's names."""
    grant = held.grant
    people, peers = reach
    return {
        "kind": "access_review",
        "campaign": str(campaign.id),
        "due": to_text(campaign.due),
        "grant": str(grant.id),
        "request": str(grant.change_id),
        "route": held.route.name,
        "owner_team": held.owner.name,
        "holder": {"type": grant.principal_type.value, "id": str(grant.principal_id)},
        "tier": held.model.tier.value,
        "data_class": held.model.data_class.value,
        "starts": to_text(grant.starts),
        "ends": to_text(grant.ends),
        "last_used": to_text(use.last) if use.last else None,
        "calls_30_days": use.calls,
        "people": people,
        "peers": peers,
    }


async def _reaches(session: AsyncSession, held: Sequence[Held]) -> Mapping[UUID, tuple[int, int]]:
    """Return how many people each grant reaches, and how many peers have the same by another grant."""
    homes = await _homes(session, held)
    sizes = await _sizes(session, {team for teams in homes.values() for team in teams})
    beside: dict[tuple[UUID, UUID], set[UUID]] = {}
    for one in held:
        for team in homes[one.grant.id]:
            beside.setdefault((one.route.id, team), set()).add(one.grant.id)
    found = {}
    for one in held:
        mine = [beside[one.route.id, team] for team in homes[one.grant.id]]
        others = set[UUID]().union(*mine) - {one.grant.id}
        to_team = one.grant.principal_type is PrincipalType.TEAM
        found[one.grant.id] = (sizes.get(one.grant.principal_id, 0) if to_team else 1, len(others))
    return found


async def _homes(session: AsyncSession, held: Sequence[Held]) -> Mapping[UUID, frozenset[UUID]]:
    """Return the teams that each grant's holder belongs to; a team's is itself."""
    ids = {one.grant.principal_id for one in held if one.grant.principal_type is not PrincipalType.TEAM}
    teams: dict[UUID, set[UUID]] = {}
    for person, team in await session.exec(
        select(Membership.person_id, Membership.team_id).where(col(Membership.person_id).in_(ids))
    ):
        teams.setdefault(person, set()).add(team)
    for account, team in await session.exec(
        select(ServiceAccount.id, ServiceAccount.team_id).where(col(ServiceAccount.id).in_(ids))
    ):
        teams.setdefault(account, set()).add(team)
    return {
        one.grant.id: frozenset({one.grant.principal_id})
        if one.grant.principal_type is PrincipalType.TEAM
        else frozenset(teams.get(one.grant.principal_id, ()))
        for one in held
    }


async def _sizes(session: AsyncSession, teams: set[UUID]) -> Mapping[UUID, int]:
    query = (
        select(Membership.team_id, sa.func.count())
        .where(col(Membership.team_id).in_(teams))
        .group_by(col(Membership.team_id))
    )
    return {team: int(count) for team, count in await session.exec(query)}
