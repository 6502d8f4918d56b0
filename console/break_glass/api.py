"""The JSON API of break glass: who holds what, what was used, and its review. Using it is a host's matter."""

from uuid import UUID

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from console.break_glass.forms import BreakGlassRead, BreakGlassReview
from console.break_glass.queries import read_overview
from console.break_glass.reviewing import review_use
from console.declared import declares
from console.web.listing import Listing
from console.work import UnitOfWork
from policy.permissions import Permission


@get("/break-glass", opt=declares(Permission.BREAK_GLASS_READ))
async def get_uses(work: NamedDependency[UnitOfWork]) -> Listing[BreakGlassRead]:
    """List the uses of break glass, newest first."""
    return Listing(items=list((await read_overview(work)).uses))


@post("/break-glass/{use:uuid}/review", opt=declares(Permission.BREAK_GLASS_REVIEW), status_code=204)
async def post_review(
    work: NamedDependency[UnitOfWork], use: FromPath[UUID], data: JSONBody[BreakGlassReview]
) -> None:
    """Say what was found on looking at a use."""
    await review_use(work, use, data)


API = (get_uses, post_review)
"""What this area adds to the API."""
