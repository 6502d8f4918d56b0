"""The access area's JSON API: ask, review, withdraw; see and revoke grants."""

from typing import Annotated
from uuid import UUID

from litestar import delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from console.access.forms import AccessRequestCreate, GrantRead, RequestCreated, RequestDetail, RequestItem
from console.access.grants import list_grants
from console.access.queries import RequestFilter, list_requests, read_request
from console.access.renewing import renew_grant
from console.access.requesting import request_access
from console.access.reviewing import review_request, submit_reviews
from console.access.revoking import revoke_grant
from console.access.withdrawing import withdraw_request
from console.catalog.forms import Reason
from console.changes.forms import ReviewCreate, Reviewed, ReviewSubmission
from console.declared import declares
from console.web.listing import Listing, cursor
from console.work import UnitOfWork
from policy.models import ChangeState
from policy.permissions import Permission

Limit = Annotated[int, QueryParameter(ge=1, le=200)]
State = Annotated[ChangeState | None, QueryParameter(name="state")]


@post("/access-requests", opt=declares(Permission.ACCESS_REQUEST_CREATE))
async def post_request(
    work: NamedDependency[UnitOfWork], data: JSONBody[AccessRequestCreate]
) -> RequestCreated:
    """Ask that a team of mine may call a route."""
    return await request_access(work, data)


@get("/access-requests", opt=declares(Permission.ACCESS_REQUEST_READ))
async def get_requests(
    work: NamedDependency[UnitOfWork],
    in_state: State = None,
    asked: FromQuery[bool] = False,  # noqa: FBT002 - a query parameter has a name
    after: FromQuery[str] = "",
    limit: Limit = 50,
) -> Listing[RequestItem]:
    """List the requests I may read, newest first; `asked` keeps those that await my answer."""
    return Listing.of(await list_requests(work, RequestFilter(in_state, asked), cursor(after, 1), limit))


@get("/access-requests/{request_id:uuid}", opt=declares(Permission.ACCESS_REQUEST_READ))
async def get_request(work: NamedDependency[UnitOfWork], request_id: FromPath[UUID]) -> RequestDetail:
    """Read one request with its content, what is missing, and its reviews."""
    return await read_request(work, request_id)


@post(
    "/access-requests/{request_id:uuid}/withdraw",
    opt=declares(Permission.ACCESS_REQUEST_WITHDRAW),
    status_code=204,
)
async def post_withdraw(work: NamedDependency[UnitOfWork], request_id: FromPath[UUID]) -> None:
    """Withdraw my request."""
    await withdraw_request(work, request_id)


@post("/access-requests/{request_id:uuid}/reviews", opt=declares(Permission.ACCESS_REQUEST_REVIEW))
async def post_review(
    work: NamedDependency[UnitOfWork], request_id: FromPath[UUID], data: JSONBody[ReviewCreate]
) -> Reviewed:
    """Approve or refuse a request, signed by a stepped-up sign-in."""
    return await review_request(work, request_id, data)


@post("/access-reviews", opt=declares(Permission.ACCESS_REQUEST_REVIEW))
async def post_reviews(
    work: NamedDependency[UnitOfWork], data: JSONBody[ReviewSubmission]
) -> Listing[Reviewed]:
    """Answer up to 20 requests by one stepped-up sign-in: all count, or none."""
    return Listing(items=await submit_reviews(work, data.reviews))


@get("/grants", opt=declares(Permission.GRANT_READ))
async def get_grants(
    work: NamedDependency[UnitOfWork],
    active: FromQuery[bool] = False,  # noqa: FBT002 - a query parameter has a name
    after: FromQuery[str] = "",
    limit: Limit = 50,
) -> Listing[GrantRead]:
    """List the grants on routes of my teams, newest first."""
    return Listing.of(await list_grants(work, active=active, after=cursor(after, 1), size=limit))


@post("/grants/{grant_id:uuid}/renewals", opt=declares(Permission.ACCESS_REQUEST_CREATE))
async def post_renewal(work: NamedDependency[UnitOfWork], grant_id: FromPath[UUID]) -> RequestCreated:
    """Ask anew for what a grant of a team of mine gives: a request like any other, filled in."""
    return await renew_grant(work, grant_id)


@delete("/grants/{grant_id:uuid}", opt=declares(Permission.GRANT_REVOKE))
async def delete_grant(
    work: NamedDependency[UnitOfWork], grant_id: FromPath[UUID], data: JSONBody[Reason]
) -> None:
    """Revoke a grant: every gateway refuses its calls within seconds."""
    await revoke_grant(work, grant_id, data.reason)


API = (
    post_request,
    get_requests,
    get_request,
    post_withdraw,
    post_review,
    post_reviews,
    get_grants,
    post_renewal,
    delete_grant,
)
