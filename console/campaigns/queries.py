"""Reads of access review. Lists go through one scope decision; items outside it are never fetched."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from console.campaigns.forms import CampaignRead, ItemRead
from console.campaigns.gainers import gainers_of
from console.campaigns.states import campaign_state
from console.changes.seen import nothing
from console.changes.shown import people_by_id
from console.clock import to_text
from console.models import Campaign, CampaignItem, ItemState, Model, Route
from console.web.listing import cursor_id
from console.web.pagination import PAGE_SIZE, Key, KeysetPage, cut_page
from console.work import UnitOfWork
from policy import scope as scopes
from policy.models import Change, Grant, PrincipalType
from policy.permissions import Permission
from sso.models import Profile, Team


@dataclass(frozen=True, slots=True)
class ItemFilter:
    """Which items somebody looks for: in a state; `asked` for open ones alone that the caller answers for."""

    state: ItemState | None = None
    asked: bool = False


async def list_campaigns(
    work: UnitOfWork, after: Key | None = None, size: int = PAGE_SIZE
) -> KeysetPage[CampaignRead]:
    """Return one page of the rounds with an item the caller may read, the newest first."""
    visible = await _visible(work)
    async with work.read() as session:
        items = joined(select(CampaignItem.campaign_id)).where(visible)
        query = select(Campaign).where(col(Campaign.id).in_(items))
        if after is not None:
            query = query.where(col(Campaign.id) < cursor_id(after))
        rows = (await session.exec(query.order_by(col(Campaign.id).desc()).limit(size + 1))).all()
        found = await _reads(session, rows, visible, work.now)
    return cut_page(found, lambda item: (str(item.id),), size)


async def read_campaign(work: UnitOfWork, campaign_id: UUID) -> CampaignRead:
    """Return one round, with the numbers of the items the caller may read.

    Raises:
        NotFoundError: no such round, or none with an item the caller may read.
    """
    visible = await _visible(work)
    async with work.read() as session:
        campaign = await session.get(Campaign, campaign_id)
        (found,) = await _reads(session, [campaign], visible, work.now) if campaign else (None,)
    if found is None or not found.items:
        raise nothing()
    return found


async def list_items(
    work: UnitOfWork, campaign_id: UUID, wanted: ItemFilter, after: Key | None = None, size: int = PAGE_SIZE
) -> KeysetPage[ItemRead]:
    """Return one page of a round's items the caller may read, in the order they were made.

    Raises:
        NotFoundError: no such round, or none with an item the caller may read.
    """
    return await items_of(work, await read_campaign(work, campaign_id), wanted, after, size)


async def items_of(
    work: UnitOfWork,
    campaign: CampaignRead,
    wanted: ItemFilter,
    after: Key | None,
    size: int = PAGE_SIZE,
) -> KeysetPage[ItemRead]:
    """Return one page of the items of a round that the caller has read."""
    query = joined(select(CampaignItem, Grant, Team.name)).where(
        await _visible(work), col(CampaignItem.campaign_id) == campaign.id
    )
    if wanted.asked:
        answered = await _visible(work, Permission.CAMPAIGN_REVIEW)
        query = query.where(answered, col(CampaignItem.state) == ItemState.OPEN)
    if wanted.state is not None:
        query = query.where(col(CampaignItem.state) == wanted.state)
    if after is not None:
        query = query.where(col(CampaignItem.id) > cursor_id(after))
    async with work.read() as session:
        rows = (await session.exec(query.order_by(col(CampaignItem.id)).limit(size + 1))).all()
        answers = await _teams_answered_for(work, {team for _, _, team in rows})
        running = campaign.state == "running"
        items = await _items(session, rows, work.principal.id, answers if running else frozenset())
    return cut_page(items, lambda item: (str(item.id),), size)


async def count_awaited(work: UnitOfWork) -> int:
    """Return how many rounds hold an open item the caller answers for."""
    visible = await _visible(work, Permission.CAMPAIGN_REVIEW)
    query = joined(select(sa.func.count(sa.distinct(col(CampaignItem.campaign_id))))).join(
        Campaign, col(Campaign.id) == col(CampaignItem.campaign_id)
    )
    running = sa.and_(col(Campaign.closed).is_(None), col(Campaign.due) > work.now)
    async with work.read() as session:
        found = await session.exec(query.where(visible, running, col(CampaignItem.state) == ItemState.OPEN))
        return int(found.one())


async def _visible(
    work: UnitOfWork, permission: Permission = Permission.CAMPAIGN_READ
) -> sa.ColumnElement[bool]:
    columns: dict[str, Any] = {"team": col(Team.name)}
    return scopes.compile(await work.scope(permission), columns)


def joined(query: Any) -> Any:  # noqa: ANN401 - SQLModel's select has no nameable type
    """Return a query of items, joined with their grant, its route and model, and the team that owns it."""
    return (
        query.join(Grant, col(Grant.id) == col(CampaignItem.grant_id))
        .join(Route, col(Route.id) == col(Grant.resource_id))
        .join(Model, col(Model.id) == col(Route.model_id))
        .join(Team, col(Team.id) == col(Model.team_id))
    )


async def _reads(
    session: AsyncSession, campaigns: Sequence[Campaign], visible: sa.ColumnElement[bool], now: int
) -> list[CampaignRead]:
    ids = [one.id for one in campaigns]
    query = (
        joined(select(CampaignItem.campaign_id, CampaignItem.state, sa.func.count()))
        .where(visible, col(CampaignItem.campaign_id).in_(ids))
        .group_by(col(CampaignItem.campaign_id), col(CampaignItem.state))
    )
    counts: dict[UUID, dict[str, int]] = {one: {} for one in ids}
    for campaign, state, count in await session.exec(query):
        counts[campaign][ItemState(state).value] = int(count)
    teams = [one.team_id for one in campaigns if one.team_id]
    names = dict((await session.exec(select(Team.id, Team.name).where(col(Team.id).in_(teams)))).all())
    return [
        _read(one, names.get(one.team_id) if one.team_id else None, counts[one.id], now) for one in campaigns
    ]


def _read(one: Campaign, team: str | None, counts: Mapping[str, int], now: int) -> CampaignRead:
    still, lapsed = counts.get("open", 0), counts.get("lapsed", 0)
    return CampaignRead(
        id=one.id,
        team=team,
        tier=one.tier.value if one.tier else None,
        reason=one.reason,
        state=campaign_state(due=one.due, closed=one.closed, still_open=still, lapsed=lapsed, now=now),
        opened=to_text(one.opened),
        due=to_text(one.due),
        closed=to_text(one.closed) if one.closed else None,
        items=sum(counts.values()),
        open=still,
        kept=counts.get("kept", 0),
        removed=counts.get("removed", 0),
        lapsed=lapsed,
    )


async def _teams_answered_for(work: UnitOfWork, teams: set[str]) -> frozenset[str]:
    """Return of these teams those for whose grants the caller answers, but for the step-up it will take."""
    columns = {name: {"team": name} for name in teams}
    scope = await work.scope(Permission.CAMPAIGN_REVIEW)
    return frozenset(name for name, row in columns.items() if scope.includes(row))


async def _items(
    session: AsyncSession, rows: Sequence[tuple[CampaignItem, Grant, str]], me: UUID, answers: frozenset[str]
) -> list[ItemRead]:
    grants = [grant for _, grant, _ in rows]
    gainers = await gainers_of(session, grants)
    holders = await _holders(session, grants)
    purposes = await _purposes(session, grants)
    people = await people_by_id(session, [item.reviewer_id for item, _, _ in rows if item.reviewer_id])
    return [
        ItemRead(
            id=item.id,
            grant=grant.id,
            state=item.state.value,
            content=json.loads(item.content),
            content_hash=item.content_hash,
            holder=holders.get(grant.principal_id) or str(grant.principal_id),
            purpose=purposes.get(grant.change_id),
            reviewer=people[item.reviewer_id].shown if item.reviewer_id else None,
            decided=to_text(item.decided) if item.decided else None,
            meaning=item.meaning,
            reason=item.reason,
            asked=item.state is ItemState.OPEN and team in answers,
            own=me in gainers[grant.id],
        )
        for item, grant, team in rows
    ]


async def _holders(session: AsyncSession, grants: Sequence[Grant]) -> Mapping[UUID, str]:
    teams = [one.principal_id for one in grants if one.principal_type is PrincipalType.TEAM]
    others = [one.principal_id for one in grants if one.principal_type is not PrincipalType.TEAM]
    found = dict((await session.exec(select(Team.id, Team.name).where(col(Team.id).in_(teams)))).all())
    named = select(Profile.person_id, Profile.handle).where(col(Profile.person_id).in_(others))
    return {**found, **dict((await session.exec(named)).all())}


async def _purposes(session: AsyncSession, grants: Sequence[Grant]) -> Mapping[UUID, str]:
    ids = [one.change_id for one in grants]
    rows = await session.exec(select(Change.id, Change.content).where(col(Change.id).in_(ids)))
    found = {change: json.loads(content).get("purpose") for change, content in rows}
    return {change: str(purpose) for change, purpose in found.items() if purpose}
