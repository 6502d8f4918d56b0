"""Signs answers in a round of review: what is removed ends in the transaction of its answer."""

from typing import Final
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from audit.event import Part
from audit.events import Action
from console.access.revoking import end_grant
from console.campaigns.forms import Answer, Answered, AnswerSheet, ItemAnswer
from console.campaigns.gainers import gainers_of
from console.campaigns.queries import joined
from console.campaigns.rows import item_row
from console.changes.seen import authorize_seen, nothing
from console.changes.sheet import Sheet
from console.errors import ConflictError, RefusedError
from console.models import Campaign, CampaignItem, ItemState
from console.questions import Resource
from console.work import UnitOfWork
from policy.models import Grant
from policy.permissions import Permission
from sso.models import Team

HOLDER: Final = "Whoever holds access, or asked for it, does not answer that it stays."


async def answer_items(work: UnitOfWork, campaign_id: UUID, sheet: AnswerSheet) -> list[Answered]:
    """Answer several items of a campaign by one sign-in: all count, or none.

    Raises:
        NotFoundError: no such item, or none the caller may read.
        RefusedError: the caller does not answer for it, would keep what they hold, or has to sign in anew.
        ConflictError: other content was signed, it is answered, or its time is over.
    """
    signing = Sheet(work, Action.CAMPAIGN_REVIEW)
    for answer in sheet.answers:
        await _admit(signing, campaign_id, answer)

    async def answer_all(session: AsyncSession) -> list[Answered]:
        return [await _answer(signing, session, answer, sheet) for answer in sheet.answers]

    return await signing.sign(answer_all)


async def _admit(signing: Sheet, campaign_id: UUID, answer: ItemAnswer) -> None:
    async with signing.read() as session:
        found = await _find(session, campaign_id, answer.id)
        if found is None:
            raise nothing()
        item, grant, team = found
        gains = signing.principal.id in (await gainers_of(session, [grant]))[grant.id]
    resource = Resource("campaign_item", item.id, {"team": team.name})
    await authorize_seen(signing, Permission.CAMPAIGN_REVIEW, resource, Permission.CAMPAIGN_READ)
    signing.keep(item.id, resource)
    if gains and answer.answer is Answer.KEEP:
        refused = await signing.refuse(Permission.CAMPAIGN_REVIEW, resource, "holder_may_not_keep")
        raise RefusedError(HOLDER, refused.reasons, decision_id=refused.decision_id)


async def _find(
    session: AsyncSession, campaign_id: UUID, item_id: UUID
) -> tuple[CampaignItem, Grant, Team] | None:
    query = joined(select(CampaignItem, Grant, Team)).where(
        col(CampaignItem.id) == item_id, col(CampaignItem.campaign_id) == campaign_id
    )
    found: tuple[CampaignItem, Grant, Team] | None = (await session.exec(query)).first()
    return found


async def _answer(signing: Sheet, session: AsyncSession, answer: ItemAnswer, sheet: AnswerSheet) -> Answered:
    resource, now = signing.turn_to(answer.id), signing.now
    item = await session.get_one(CampaignItem, answer.id, with_for_update=True, populate_existing=True)
    campaign = await session.get_one(Campaign, item.campaign_id)
    _require_open(item, campaign, answer, now)
    grant = await session.get_one(Grant, item.grant_id, with_for_update=True, populate_existing=True)
    over = grant.revoked_at is not None or grant.ends <= now
    if over:
        raise ConflictError("This grant has ended already.", ("grant_ended",))
    keeps = answer.answer is Answer.KEEP
    item.state, item.decided = ItemState.KEPT if keeps else ItemState.REMOVED, now
    item.reviewer_id, item.meaning, item.reason = signing.principal.id, sheet.meaning, sheet.reason
    session.add(item)
    await session.flush()
    signed = {
        "answer": answer.answer.value,
        "content_hash": item.content_hash,
        "meaning": sheet.meaning,
        "reason": sheet.reason,
    }
    await signing.record(
        Action.CAMPAIGN_REVIEW,
        resource=resource,
        request=grant.change_id,
        grant=grant.id,
        rows=[item_row(item, now)],
        parts=[Part(name="answer", subject=signing.principal.id, content=signed)],
    )
    if not keeps:
        await end_grant(signing, session, grant, sheet.reason, campaign=campaign.id)
    return Answered(id=item.id, state=item.state.value)


def _require_open(item: CampaignItem, campaign: Campaign, answer: ItemAnswer, now: int) -> None:
    if item.state is not ItemState.OPEN:
        raise ConflictError("This was answered already.", ("already_reviewed",))
    if campaign.closed is not None or campaign.due <= now:
        raise ConflictError("The time for answers is over.", ("campaign_over",))
    if item.content_hash != answer.content_hash:
        raise ConflictError("Something else was signed than is there.", ("stale_content",))
