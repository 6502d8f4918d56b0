"""The custody area's pages: what is kept, asking for a change of it, and answering one."""

from typing import Any

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from litestar.response import Template

from console.custody.ask_page import begin_asking, begin_hold, open_asking, send_asking, send_hold
from console.custody.overview import open_records
from console.declared import declares
from console.web.request import ConsoleRequest
from console.web.responses import form_error, page, redirect
from console.web.submitted import typed
from console.work import UnitOfWork
from policy.permissions import Permission


@get("/records", opt=declares(Permission.CHANGE_READ))
async def records(
    request: ConsoleRequest, work: NamedDependency[UnitOfWork], after: FromQuery[str] = ""
) -> Template:
    """See how long details are kept, what is held, and what waits for a second person."""
    context = await open_records(work, after)
    return page(request, "custody/records.html", context, fragment="changes/_changes.html")


@get("/records/hold", opt=declares(Permission.HOLD_CREATE))
async def new_hold(request: ConsoleRequest, work: NamedDependency[UnitOfWork]) -> Template:
    """Say what is put under hold."""
    return page(request, "custody/hold.html", await begin_hold(work))


@post("/records/hold", opt=declares(Permission.HOLD_CREATE), status_code=200)
async def make_hold(request: ConsoleRequest, work: NamedDependency[UnitOfWork]) -> Template | Response[Any]:
    """Put entries under hold; it counts at once."""
    form, made = await send_hold(work, await typed(request))
    if made is None:
        return form_error(request, "custody/hold.html", {"form": form}, fragment="custody/_hold_form.html")
    return redirect(request, "/records")


@get("/records/ask/{what:str}", opt=declares(Permission.CHANGE_CREATE))
async def ask(
    request: ConsoleRequest,
    work: NamedDependency[UnitOfWork],
    what: FromPath[str],
    hold: FromQuery[str] = "",
) -> Template:
    """Read what asking for this means."""
    return page(request, "custody/ask.html", await begin_asking(work, what, hold))


@post("/records/ask/{what:str}", opt=declares(Permission.CHANGE_CREATE), status_code=200)
async def send(
    request: ConsoleRequest, work: NamedDependency[UnitOfWork], what: FromPath[str]
) -> Template | Response[Any]:
    """Ask for a change of what is kept; somebody else has to agree."""
    form, created = await send_asking(work, what, await typed(request))
    if created is None:
        context = open_asking(what, form)
        return form_error(request, "custody/ask.html", context, fragment="custody/_ask_form.html")
    return redirect(request, f"/records/changes/{created.id}")


PAGES = (records, new_hold, make_hold, ask, send)
