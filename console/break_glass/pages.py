"""The page of break glass: who holds credentials, what was done under them, and what waits for a review."""

from typing import Any, Final
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Template

from console.break_glass.forms import BreakGlassReview
from console.break_glass.queries import read_overview
from console.break_glass.reviewing import review_use
from console.declared import declares
from console.web.forms import read_form
from console.web.request import ConsoleRequest
from console.web.responses import form_error, page, redirect
from console.web.submitted import submit, typed
from console.work import UnitOfWork
from policy.permissions import Permission

FORM: Final = "people/_break_glass_review.html"


@get("/admin/break-glass", opt=declares(Permission.BREAK_GLASS_READ))
async def break_glass(request: ConsoleRequest, work: NamedDependency[UnitOfWork]) -> Template:
    """See who can break the glass, who did, and what waits for a review."""
    return page(request, "people/break_glass.html", await read_overview(work))


@post("/admin/break-glass/{use:uuid}/review", opt=declares(Permission.BREAK_GLASS_REVIEW), status_code=200)
async def review(
    request: ConsoleRequest, work: NamedDependency[UnitOfWork], use: FromPath[UUID]
) -> Template | Response[Any]:
    """Say what was found on looking at a use."""
    sent = read_form(BreakGlassReview, await typed(request))
    form, _ = await submit(sent, lambda data: review_use(work, use, data))
    if form.data is None:
        context = {"form": form, "use": use}
        return form_error(request, FORM, context, fragment=FORM)
    return redirect(request, "/admin/break-glass")


PAGES = (break_glass, review)
"""What this area adds to the console."""
