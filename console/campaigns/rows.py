"""The canonical rows of campaigns: ids, hashes and codes only, never what somebody wrote."""

from console.models import Campaign, CampaignItem
from console.work import Row


def campaign_row(campaign: Campaign, now: int) -> Row:
    """Return a campaign's scope, and when it is due and was closed."""
    state = {
        "team_id": str(campaign.team_id) if campaign.team_id else None,
        "tier": campaign.tier.value if campaign.tier else None,
        "due": campaign.due,
        "closed": campaign.closed,
    }
    return Row("campaign", campaign.id, state, now)


def item_row(item: CampaignItem, now: int) -> Row:
    """Return one grant under review, and what came of it."""
    state = {
        "campaign_id": str(item.campaign_id),
        "grant_id": str(item.grant_id),
        "content_hash": item.content_hash,
        "state": item.state.value,
        "reviewer_id": str(item.reviewer_id) if item.reviewer_id else None,
    }
    return Row("campaign_item", item.id, state, now)
