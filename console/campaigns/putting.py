"""Puts grants under review: each gets an item in a round, and the log tells of it with the round's scope."""

from collections.abc import Sequence
from typing import Final

from sqlmodel.ext.asyncio.session import AsyncSession

from audit.event import Part
from audit.events import Action
from console.campaigns.items import Held, make_items
from console.campaigns.rows import campaign_row, item_row
from console.models import Campaign
from console.questions import Resource
from console.work import Row, UnitOfWork
from sso.models import Team

MOST_ITEMS: Final = 2000
"""So many grants are put under review in one transaction: others wait for the one writer of SQLite."""
AN_ENTRY: Final = 200
"""So many items are told in one entry of the log; more of them take more entries of the same act."""


async def put_under_review(
    work: UnitOfWork, session: AsyncSession, campaign: Campaign, chosen: Sequence[Held], held: Sequence[Held]
) -> None:
    """Make the items of the first of `chosen` in the caller's open write; `held` is the whole scope."""
    items = await make_items(session, campaign, chosen[:MOST_ITEMS], held, work.now)
    session.add_all(items)
    await session.flush()
    team = await session.get(Team, campaign.team_id) if campaign.team_id else None
    for first in range(0, len(items), AN_ENTRY):
        rows = [item_row(item, work.now) for item in items[first : first + AN_ENTRY]]
        beside = [] if first else [campaign_row(campaign, work.now)]
        await _record(work, campaign, team.name if team else None, [*beside, *rows], len(rows))


async def _record(
    work: UnitOfWork, campaign: Campaign, team: str | None, rows: Sequence[Row], items: int
) -> None:
    told = {"team": team, "tier": campaign.tier.value if campaign.tier else None, "items": items}
    parts = [Part(name="campaign", subject=None, content=told)]
    if campaign.opened_by is not None:
        parts.append(Part(name="reason", subject=campaign.opened_by, content={"reason": campaign.reason}))
    await work.record(
        Action.CAMPAIGN_CREATE, resource=Resource("campaign", campaign.id), rows=rows, parts=parts
    )
