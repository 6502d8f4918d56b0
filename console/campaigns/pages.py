"""The pages of access review: the rounds, one round, and the answers about it."""

from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from litestar.response import Template

from console.campaigns.again import answer_again
from console.campaigns.orphan_page import ORPHANS, open_orphans, send_owner
from console.campaigns.shown import PATH, open_campaigns, open_one, send_answers, send_campaign
from console.declared import declares
from console.web.request import ConsoleRequest
from console.web.responses import form_error, page, redirect
from console.web.submitted import typed
from console.work import UnitOfWork
from policy.permissions import Permission


@get("/reviews/campaigns", opt=declares(Permission.CAMPAIGN_READ))
async def campaigns(
    request: ConsoleRequest, work: NamedDependency[UnitOfWork], after: FromQuery[str] = ""
) -> Template:
    """See the rounds of access review, and open one."""
    context = await open_campaigns(work, after)
    return page(request, "campaigns/campaigns.html", context, fragment="campaigns/_campaigns.html")


@post("/reviews/campaigns", opt=declares(Permission.CAMPAIGN_CREATE), status_code=200)
async def begin(request: ConsoleRequest, work: NamedDependency[UnitOfWork]) -> Template | Response[Any]:
    """Open a round over the grants in force in a scope."""
    form, opened = await send_campaign(work, await typed(request))
    if opened is None:
        context = await open_campaigns(work, "", form)
        return form_error(request, "campaigns/campaigns.html", context, fragment="campaigns/_open_form.html")
    return redirect(request, f"{PATH}/{opened.id}")


@get("/reviews/campaigns/{campaign_id:uuid}", opt=declares(Permission.CAMPAIGN_READ))
async def campaign(
    request: ConsoleRequest,
    work: NamedDependency[UnitOfWork],
    campaign_id: FromPath[UUID],
    after: FromQuery[str] = "",
) -> Template:
    """Read one round: what waits for my answer, and what came of the rest."""
    context = await open_one(work, campaign_id, after)
    return page(request, "campaigns/campaign.html", context, fragment="campaigns/_items.html")


@post("/reviews/campaigns/{campaign_id:uuid}", opt=declares(Permission.CAMPAIGN_REVIEW), status_code=200)
async def answer(
    request: ConsoleRequest, work: NamedDependency[UnitOfWork], campaign_id: FromPath[UUID]
) -> Template | Response[Any]:
    """Keep or remove grants, signed by a stepped-up sign-in."""
    form, answered = await send_answers(work, campaign_id, await typed(request))
    if answered is None:
        context = await open_one(work, campaign_id, form=form)
        return form_error(request, "campaigns/campaign.html", context, fragment="campaigns/_answer_form.html")
    return redirect(request, f"{PATH}/{campaign_id}")


@get("/reviews/orphans", opt=declares(Permission.CAMPAIGN_READ))
async def orphans(
    request: ConsoleRequest, work: NamedDependency[UnitOfWork], after: FromQuery[str] = ""
) -> Template:
    """See what nobody answers for, and give it somebody who does."""
    context = await open_orphans(work, after)
    return page(request, "campaigns/orphans.html", context, fragment="campaigns/_orphans.html")


@post("/reviews/orphans", opt=declares(Permission.MEMBERSHIP_CREATE), status_code=200)
async def give(request: ConsoleRequest, work: NamedDependency[UnitOfWork]) -> Template | Response[Any]:
    """Ask that a model that nobody answers for is given to another team."""
    form, carried = await send_owner(work, await typed(request))
    if carried is None:
        context = await open_orphans(work, form=form)
        return form_error(request, "campaigns/orphans.html", context, fragment="campaigns/_give_form.html")
    return redirect(request, f"/records/changes/{carried.change.id}" if carried.change else ORPHANS)


@post("/reviews/again/{request_id:uuid}", opt=declares(Permission.CHANGE_CREATE), status_code=200)
async def again(
    request: ConsoleRequest, work: NamedDependency[UnitOfWork], request_id: FromPath[UUID]
) -> Response[Any]:
    """Go to just the answer that a stale approval needs of me, with what I said then in its form."""
    return redirect(request, f"/records/changes/{await answer_again(work, request_id)}#answer")


PAGES = (campaigns, begin, campaign, answer, again, orphans, give)
