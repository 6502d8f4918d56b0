"""The access area's pages: ask, follow a request, answer one, end a grant."""

from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from litestar.response import Template

from console.access.ask_page import open_ask, send_request
from console.access.lists import open_grants, open_queue, open_requests
from console.access.renewing import renew_grant
from console.access.request_page import open_request
from console.access.review_page import open_review, sign_review
from console.access.revoking import revoke_grant
from console.access.withdrawing import withdraw_request
from console.catalog.forms import Reason
from console.changes.forms import ReviewCreate
from console.declared import declares
from console.web.forms import read_form
from console.web.request import ConsoleRequest
from console.web.responses import form_error, page, redirect
from console.web.submitted import submit, typed
from console.work import UnitOfWork
from policy.permissions import Permission

ALL = "all"


@get("/models/{name:str}/request", opt=declares(Permission.ACCESS_REQUEST_CREATE))
async def ask(request: ConsoleRequest, work: NamedDependency[UnitOfWork], name: FromPath[str]) -> Template:
    """Read what a request for access needs, and who decides."""
    return page(request, "access/ask.html", await open_ask(work, name))


@post("/models/{name:str}/request", opt=declares(Permission.ACCESS_REQUEST_CREATE), status_code=200)
async def send(
    request: ConsoleRequest, work: NamedDependency[UnitOfWork], name: FromPath[str]
) -> Template | Response[Any]:
    """Ask that a team of mine may call the model."""
    form, created = await send_request(work, name, await typed(request))
    if created is None:
        context = await open_ask(work, name, form)
        return form_error(request, "access/ask.html", context, fragment="access/_ask_form.html")
    return redirect(request, f"/requests/{created.id}")


@get("/requests", opt=declares(Permission.ACCESS_REQUEST_READ))
async def requests(
    request: ConsoleRequest, work: NamedDependency[UnitOfWork], after: FromQuery[str] = ""
) -> Template:
    """See what I asked for."""
    context = await open_requests(work, after)
    return page(request, "access/requests.html", context, fragment="access/_requests.html")


@get("/requests/{request_id:uuid}", opt=declares(Permission.ACCESS_REQUEST_READ))
async def follow(
    request: ConsoleRequest, work: NamedDependency[UnitOfWork], request_id: FromPath[UUID]
) -> Template:
    """Follow one request from its asking to the end of its grant."""
    return page(request, "access/request.html", await open_request(work, request_id))


@post(
    "/requests/{request_id:uuid}/withdraw", opt=declares(Permission.ACCESS_REQUEST_WITHDRAW), status_code=200
)
async def withdraw(
    request: ConsoleRequest, work: NamedDependency[UnitOfWork], request_id: FromPath[UUID]
) -> Response[Any]:
    """Withdraw my request."""
    await withdraw_request(work, request_id)
    return redirect(request, f"/requests/{request_id}")


@get("/reviews", opt=declares(Permission.ACCESS_REQUEST_READ))
async def reviews(
    request: ConsoleRequest,
    work: NamedDependency[UnitOfWork],
    show: FromQuery[str] = "",
    after: FromQuery[str] = "",
) -> Template:
    """See what waits for my answer, the oldest first."""
    context = await open_queue(work, after, everything=show == ALL)
    return page(request, "access/reviews.html", context, fragment="access/_queue.html")


@get("/reviews/{request_id:uuid}", opt=declares(Permission.ACCESS_REQUEST_READ))
async def review(
    request: ConsoleRequest, work: NamedDependency[UnitOfWork], request_id: FromPath[UUID]
) -> Template:
    """Read exactly what an answer signs, and sign it."""
    return page(request, "access/review.html", await open_review(work, request_id))


@post("/reviews/{request_id:uuid}", opt=declares(Permission.ACCESS_REQUEST_REVIEW), status_code=200)
async def sign(
    request: ConsoleRequest, work: NamedDependency[UnitOfWork], request_id: FromPath[UUID]
) -> Template | Response[Any]:
    """Approve or refuse a request, signed by a stepped-up sign-in."""
    sent = read_form(ReviewCreate, await typed(request))
    form, signed = await sign_review(work, request_id, sent)
    if signed is None:
        context = await open_review(work, request_id, form)
        return form_error(request, "access/review.html", context, fragment="changes/_sign.html")
    return redirect(request, f"/requests/{request_id}")


@get("/grants", opt=declares(Permission.GRANT_READ))
async def grants(
    request: ConsoleRequest,
    work: NamedDependency[UnitOfWork],
    show: FromQuery[str] = "",
    after: FromQuery[str] = "",
) -> Template:
    """See who may call the models of my teams."""
    context = await open_grants(work, after, everything=show == ALL)
    return page(request, "access/grants.html", context, fragment="access/_grants.html")


@post("/grants/{grant_id:uuid}/revoke", opt=declares(Permission.GRANT_REVOKE), status_code=200)
async def revoke(
    request: ConsoleRequest, work: NamedDependency[UnitOfWork], grant_id: FromPath[UUID]
) -> Template | Response[Any]:
    """Revoke a grant: every gateway refuses its calls within seconds."""
    sent = read_form(Reason, await typed(request))
    form, _ = await submit(sent, lambda data: revoke_grant(work, grant_id, data.reason))
    if form.data is None:
        context = await open_grants(work, "", everything=False, revoking=str(grant_id), form=form)
        return form_error(request, "access/grants.html", context, fragment="access/_revoke_again.html")
    return redirect(request, "/grants")


@post("/grants/{grant_id:uuid}/renew", opt=declares(Permission.ACCESS_REQUEST_CREATE), status_code=200)
async def renew(
    request: ConsoleRequest, work: NamedDependency[UnitOfWork], grant_id: FromPath[UUID]
) -> Response[Any]:
    """Ask anew for what a grant of a team of mine gives."""
    return redirect(request, f"/requests/{(await renew_grant(work, grant_id)).id}")


PAGES = (ask, send, requests, follow, withdraw, reviews, review, sign, grants, renew, revoke)
