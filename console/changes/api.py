"""The JSON API of changes that take two people, whatever their kind."""

from typing import Annotated
from uuid import UUID

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from console.changes.deciding import review_change
from console.changes.forms import ChangeDetail, ChangeItem, ChangeReviewed, ReviewCreate
from console.changes.queries import list_changes, read_change
from console.changes.withdrawing import withdraw_change
from console.declared import declares
from console.web.listing import Listing, cursor
from console.work import UnitOfWork
from policy.models import ChangeState
from policy.permissions import Permission

Limit = Annotated[int, QueryParameter(ge=1, le=200)]
State = Annotated[ChangeState | None, QueryParameter(name="state")]


@get("/changes", opt=declares(Permission.CHANGE_READ))
async def get_changes(
    work: NamedDependency[UnitOfWork],
    in_state: State = None,
    after: FromQuery[str] = "",
    limit: Limit = 50,
) -> Listing[ChangeItem]:
    """List the changes that I may read, newest first."""
    return Listing.of(await list_changes(work, in_state, cursor(after, 1), limit))


@get("/changes/{change_id:uuid}", opt=declares(Permission.CHANGE_READ))
async def get_change(work: NamedDependency[UnitOfWork], change_id: FromPath[UUID]) -> ChangeDetail:
    """Read one change: what is signed, and what it would do."""
    return await read_change(work, change_id)


@post("/changes/{change_id:uuid}/reviews", opt=declares(Permission.CHANGE_REVIEW))
async def post_change_review(
    work: NamedDependency[UnitOfWork], change_id: FromPath[UUID], data: JSONBody[ReviewCreate]
) -> ChangeReviewed:
    """Approve or refuse a change, signed by a stepped-up sign-in; the last approval carries it out."""
    return await review_change(work, change_id, data)


@post("/changes/{change_id:uuid}/withdraw", opt=declares(Permission.CHANGE_WITHDRAW), status_code=204)
async def post_change_withdraw(work: NamedDependency[UnitOfWork], change_id: FromPath[UUID]) -> None:
    """Withdraw a change I asked for."""
    await withdraw_change(work, change_id)


API = (get_changes, get_change, post_change_review, post_change_withdraw)
