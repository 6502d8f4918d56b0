"""Closes rounds of review: what nobody answered for ends at the due date, and says why."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from audit.event import Part
from audit.events import Action
from console.access.revoking import end_grant
from console.campaigns.rows import campaign_row, item_row
from console.models import Campaign, CampaignItem, ItemState
from console.questions import Resource
from console.work import UnitOfWork
from policy.models import Grant

SILENCE: Final = "Nobody answered for it in an access review"
AT_ONCE: Final = 100
"""Items ended in one transaction: others wait for the one writer of SQLite."""

_TABLE: Final[Any] = CampaignItem.__table__  # type: ignore[attr-defined]


async def close_due(work: UnitOfWork) -> int:
    """Close the campaigns that are due or answered whole; return how many. For the worker."""
    async with work.read() as session:
        running = await session.exec(select(Campaign.id, Campaign.due).where(col(Campaign.closed).is_(None)))
        open_now = dict(running.all())
    return sum([await _close(work, campaign, due) for campaign, due in open_now.items()])


async def _close(work: UnitOfWork, campaign_id: UUID, due: int) -> int:
    if due <= work.now:
        while await _end_some(work, campaign_id):
            pass
    async with work.read() as session:
        if await _unanswered(session, campaign_id, work.now, 1):
            return 0
    async with work.write() as session:
        campaign = await session.get_one(Campaign, campaign_id, with_for_update=True)
        campaign.closed = work.now
        session.add(campaign)
        await session.flush()
        await work.record(
            Action.CAMPAIGN_CLOSE,
            resource=Resource("campaign", campaign.id),
            rows=[campaign_row(campaign, work.now)],
            parts=[Part(name="closed", subject=None, content=await _counts(session, campaign_id))],
        )
    return 1


async def _end_some(work: UnitOfWork, campaign_id: UUID) -> bool:
    """End some of the grants that nobody answered for; False when there are none."""
    async with work.read() as session:
        waiting = await _unanswered(session, campaign_id, work.now, AT_ONCE)
    if not waiting:
        return False
    async with work.write() as session:
        for item_id in waiting:
            await _end(work, session, campaign_id, item_id)
    return True


async def _unanswered(session: AsyncSession, campaign_id: UUID, now: int, most: int) -> list[UUID]:
    """Return the items that nobody answered, and those whose grant stands for no answer that is recorded.

    The table is read as it is: an item that is absent to decisions, because somebody changed it by hand, is
    one that nobody answered.
    """
    answered = select(CampaignItem.id).where(
        col(CampaignItem.campaign_id) == campaign_id,
        col(CampaignItem.state).in_((ItemState.KEPT, ItemState.REMOVED)),
    )
    recorded = set(await session.exec(answered))
    every: Any = sa.select(_TABLE.c.id, _TABLE.c.state, _TABLE.c.grant_id)
    rows = await session.exec(every.where(_TABLE.c.campaign_id == campaign_id).order_by(_TABLE.c.id))
    held = sa.select(_TABLE.c.grant_id).where(_TABLE.c.campaign_id == campaign_id)
    standing = select(Grant.id).where(col(Grant.revoked_at).is_(None), col(Grant.ends) > now)
    stand = set(await session.exec(standing.where(col(Grant.id).in_(held))))
    over = {ItemState.LAPSED, ItemState.ENDED}
    left = [
        item
        for item, state, grant in rows
        if item not in recorded and not (state in over and grant not in stand)
    ]
    return left[:most]


async def _end(work: UnitOfWork, session: AsyncSession, campaign_id: UUID, item_id: UUID) -> None:
    # Not as an entity: whoever changed the row by hand has made it absent.
    read: Any = sa.select(_TABLE).where(_TABLE.c.id == item_id)
    grant_id = (await session.exec(read.with_for_update())).mappings().one()["grant_id"]
    grant = await session.get(Grant, grant_id, with_for_update=True, populate_existing=True)
    stands = grant is not None and grant.revoked_at is None and grant.ends > work.now
    state = ItemState.LAPSED if stands else ItemState.ENDED
    values = {"state": state, "decided": work.now, "reviewer_id": None, "meaning": None, "reason": None}
    await session.exec(sa.update(_TABLE).where(_TABLE.c.id == item_id).values(**values))
    row = (await session.exec(read)).mappings().one()
    told = {"campaign": str(campaign_id), "state": state.value}
    await work.record(
        Action.CAMPAIGN_LAPSE,
        resource=Resource("campaign_item", item_id),
        grant=grant_id,
        rows=[item_row(CampaignItem(**row), work.now)],
        parts=[Part(name="lapsed", subject=None, content=told)],
    )
    if grant is not None and stands:
        await end_grant(work, session, grant, SILENCE, campaign=campaign_id)


async def _counts(session: AsyncSession, campaign_id: UUID) -> Mapping[str, int]:
    query = (
        select(CampaignItem.state, sa.func.count())
        .where(col(CampaignItem.campaign_id) == campaign_id)
        .group_by(col(CampaignItem.state))
    )
    counted = {ItemState(state).value: int(count) for state, count in await session.exec(query)}
    return {state.value: counted.get(state.value, 0) for state in ItemState if state is not ItemState.OPEN}
