"""The JSON API of access review: open a round, read it, answer."""

from typing import Annotated
from uuid import UUID

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from console.campaigns.again import answer_again
from console.campaigns.answering import answer_items
from console.campaigns.forms import (
    Answered,
    AnswerSheet,
    CampaignCreate,
    CampaignRead,
    ItemRead,
    OrphanGive,
    OrphanRead,
)
from console.campaigns.giving import give_model
from console.campaigns.opening import open_campaign
from console.campaigns.orphans import list_orphans
from console.campaigns.queries import ItemFilter, list_campaigns, list_items, read_campaign
from console.changes.carrying import Carried
from console.changes.forms import ChangeDetail
from console.changes.queries import read_change
from console.declared import declares
from console.models import ItemState
from console.web.listing import Listing, cursor
from console.work import UnitOfWork
from policy.permissions import Permission

Limit = Annotated[int, QueryParameter(ge=1, le=200)]
State = Annotated[ItemState | None, QueryParameter(name="state")]


@get("/campaigns", opt=declares(Permission.CAMPAIGN_READ))
async def get_campaigns(
    work: NamedDependency[UnitOfWork], after: FromQuery[str] = "", limit: Limit = 50
) -> Listing[CampaignRead]:
    """List the rounds of access review I may read, newest first."""
    return Listing.of(await list_campaigns(work, cursor(after, 1), limit))


@post("/campaigns", opt=declares(Permission.CAMPAIGN_CREATE))
async def post_campaign(work: NamedDependency[UnitOfWork], data: JSONBody[CampaignCreate]) -> CampaignRead:
    """Open a round over the grants in force in a scope."""
    return await read_campaign(work, (await open_campaign(work, data)).id)


@get("/campaigns/{campaign_id:uuid}", opt=declares(Permission.CAMPAIGN_READ))
async def get_campaign(work: NamedDependency[UnitOfWork], campaign_id: FromPath[UUID]) -> CampaignRead:
    """Read one round: where it stands, and until when."""
    return await read_campaign(work, campaign_id)


@get("/campaigns/{campaign_id:uuid}/items", opt=declares(Permission.CAMPAIGN_READ))
async def get_items(
    work: NamedDependency[UnitOfWork],
    campaign_id: FromPath[UUID],
    in_state: State = None,
    after: FromQuery[str] = "",
    limit: Limit = 50,
) -> Listing[ItemRead]:
    """List the grants of a round that I may read, with what is signed of each."""
    wanted = ItemFilter(in_state)
    return Listing.of(await list_items(work, campaign_id, wanted, cursor(after, 1), limit))


@post("/campaigns/{campaign_id:uuid}/answers", opt=declares(Permission.CAMPAIGN_REVIEW))
async def post_answers(
    work: NamedDependency[UnitOfWork], campaign_id: FromPath[UUID], data: JSONBody[AnswerSheet]
) -> Listing[Answered]:
    """Keep or remove up to 20 grants by one stepped-up sign-in: all count, or none."""
    return Listing(items=await answer_items(work, campaign_id, data))


@get("/orphans", opt=declares(Permission.CAMPAIGN_READ))
async def get_orphans(
    work: NamedDependency[UnitOfWork], after: FromQuery[str] = "", limit: Limit = 50
) -> Listing[OrphanRead]:
    """List teams without an owner, their models, and grants whose holders are gone."""
    return Listing.of(await list_orphans(work, cursor(after, 2), limit))


@post("/orphans/models/{name:str}/owner", opt=declares(Permission.MEMBERSHIP_CREATE), status_code=202)
async def post_owner(
    work: NamedDependency[UnitOfWork], name: FromPath[str], data: JSONBody[OrphanGive]
) -> Carried:
    """Ask that a model that nobody answers for is given to another team."""
    return await give_model(work, name, data)


@post("/access-requests/{request_id:uuid}/reapproval", opt=declares(Permission.CHANGE_CREATE))
async def post_again(work: NamedDependency[UnitOfWork], request_id: FromPath[UUID]) -> ChangeDetail:
    """Read the change under which my answer to a stale approval is given anew; it is asked for if need be."""
    return await read_change(work, await answer_again(work, request_id))


API = (
    get_campaigns,
    post_campaign,
    get_campaign,
    get_items,
    post_answers,
    post_again,
    get_orphans,
    post_owner,
)
