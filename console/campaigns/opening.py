"""Opens a round of review: by an admin, or by the schedule that policy sets."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from console.campaigns.forms import CampaignCreate
from console.campaigns.items import Held, held_in_scope, in_force
from console.campaigns.putting import MOST_ITEMS, put_under_review
from console.campaigns.rules import ReviewRules, read_rules
from console.errors import ConflictError, NotFoundError
from console.models import Campaign, Model, Route, Tier
from console.questions import Resource
from console.work import UnitOfWork
from policy.grants import MICROSECONDS_A_DAY
from policy.models import Grant
from policy.permissions import Permission
from sso.models import Team

SCHEDULED: Final = "Due by the schedule of the policy"


async def open_campaign(work: UnitOfWork, form: CampaignCreate) -> Campaign:
    """Let reviewers answer for every grant in force in a scope.

    Raises:
        RefusedError: the caller is no admin of the scope.
        NotFoundError: there is no such team.
        ConflictError: a round over it is open, or there is nothing, or too much, to review.
    """
    facts = {"team": form.team} if form.team else {}
    await work.authorize(Permission.CAMPAIGN_CREATE, Resource("campaign", None, facts))
    async with work.read() as session:
        rules = await read_rules(work.services, session)
        team_id = await _team(session, form.team)
    days = form.answer_days or rules.answer_days
    async with work.write() as session:
        campaign = Campaign(
            team_id=team_id,
            tier=form.tier,
            reason=form.reason,
            opened=work.now,
            opened_by=work.principal.id,
            due=work.now + days * MICROSECONDS_A_DAY,
        )
        held = await held_in_scope(session, work.now, campaign.team_id, campaign.tier)
        if len(held) > MOST_ITEMS:
            sentence = f"More than {MOST_ITEMS} grants are in force there; review one team or tier at a time."
            raise ConflictError(sentence, ("too_many_to_review",))
        await _open(work, session, campaign, held)
    return campaign


async def open_due(work: UnitOfWork) -> int:
    """Open a round over each scope, a team's routes of one tier, whose last is too long ago; return how many.

    Of a scope with more grants than one transaction takes the rest follow (`console.campaigns.filling`).

    Raises:
        PolicyUndecidedError: the policy does not say how often.
    """
    async with work.read() as session:
        rules = await read_rules(work.services, session)
        due = await _due(session, rules, work.now)
    for team_id, tier in due:
        async with work.write() as session:
            campaign = Campaign(
                team_id=team_id,
                tier=tier,
                reason=SCHEDULED,
                opened=work.now,
                due=work.now + rules.answer_days * MICROSECONDS_A_DAY,
            )
            held = await held_in_scope(session, work.now, campaign.team_id, campaign.tier)
            await _open(work, session, campaign, held)
    return len(due)


async def _team(session: AsyncSession, name: str | None) -> UUID | None:
    if name is None:
        return None
    found = (await session.exec(select(Team).where(col(Team.name) == name))).first()
    if found is None:
        raise NotFoundError("There is no team by this name.")
    return found.id


async def _due(session: AsyncSession, rules: ReviewRules, now: int) -> list[tuple[UUID, Tier]]:
    """Return the scopes in which a grant has stood for too long since it began or was last under review."""
    oldest = (
        select(Team.id, Model.tier, sa.func.min(Grant.starts))
        .select_from(Grant)
        .join(Route, col(Route.id) == col(Grant.resource_id))
        .join(Model, col(Model.id) == col(Route.model_id))
        .join(Team, col(Team.id) == col(Model.team_id))
        .where(in_force(now))
        .group_by(col(Team.id), col(Team.name), col(Model.tier))
        .order_by(col(Team.name))
    )
    found = []
    for team_id, tier, began in (await session.exec(oldest)).all():
        last = await _last_round(session, team_id, Tier(tier))
        if now - max(int(began), last) >= rules.every(Tier(tier)) * MICROSECONDS_A_DAY:
            found.append((team_id, Tier(tier)))
    return found


async def _last_round(session: AsyncSession, team_id: UUID, tier: Tier) -> int:
    covering = select(sa.func.max(Campaign.opened)).where(
        sa.or_(col(Campaign.team_id).is_(None), col(Campaign.team_id) == team_id),
        sa.or_(col(Campaign.tier).is_(None), col(Campaign.tier) == tier),
    )
    return (await session.exec(covering)).one() or 0


async def _open(work: UnitOfWork, session: AsyncSession, campaign: Campaign, held: Sequence[Held]) -> None:
    await _refuse_twin(session, campaign)
    if not held:
        raise ConflictError("There is no grant in force to review there.", ("nothing_to_review",))
    session.add(campaign)
    await session.flush()
    await put_under_review(work, session, campaign, held, held)


async def _refuse_twin(session: AsyncSession, campaign: Campaign) -> None:
    same = select(Campaign.id).where(
        col(Campaign.closed).is_(None),
        col(Campaign.team_id).is_not_distinct_from(campaign.team_id),
        col(Campaign.tier).is_not_distinct_from(campaign.tier),
    )
    if (await session.exec(same)).first():
        raise ConflictError("A review of the same grants is open.", ("already_open",))
