"""Completes rounds that the schedule opened over more grants than one transaction takes."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from console.campaigns.items import Held, held_in_scope
from console.campaigns.putting import put_under_review
from console.models import Campaign, CampaignItem
from console.work import UnitOfWork

_TABLE: Final[Any] = CampaignItem.__table__  # type: ignore[attr-defined]


async def fill_rounds(work: UnitOfWork) -> None:
    """Give each grant that stood when a scheduled round was opened its item in it."""
    async with work.read() as session:
        running = select(Campaign.id).where(
            col(Campaign.closed).is_(None), col(Campaign.opened_by).is_(None), col(Campaign.due) > work.now
        )
        rounds = (await session.exec(running)).all()
    for campaign_id in rounds:
        while await _lacks(work, campaign_id):
            await _add_some(work, campaign_id)


async def _lacks(work: UnitOfWork, campaign_id: UUID) -> bool:
    async with work.read() as session:
        campaign = await session.get_one(Campaign, campaign_id)
        _, missing = await _missing(session, campaign, work.now)
    return bool(missing)


async def _add_some(work: UnitOfWork, campaign_id: UUID) -> None:
    async with work.write() as session:
        campaign = await session.get_one(Campaign, campaign_id)
        held, missing = await _missing(session, campaign, work.now)
        if missing:
            await put_under_review(work, session, campaign, missing, held)


async def _missing(
    session: AsyncSession, campaign: Campaign, now: int
) -> tuple[Sequence[Held], Sequence[Held]]:
    """Return the grants of the scope, and those of them that have no item; the table is read as it is."""
    asked: Any = sa.select(_TABLE.c.grant_id).where(_TABLE.c.campaign_id == campaign.id)
    known = {row.grant_id for row in await session.exec(asked)}
    held = await held_in_scope(session, now, campaign.team_id, campaign.tier)
    return held, [one for one in held if one.grant.starts <= campaign.opened and one.grant.id not in known]
