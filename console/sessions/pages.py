"""The pages of sessions: one's own, and a person's for admins."""

from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Template

from console.catalog.forms import Reason
from console.declared import declares
from console.sessions.actions import end_everywhere, end_one
from console.sessions.queries import open_sessions
from console.web.forms import read_form
from console.web.request import ConsoleRequest
from console.web.responses import form_error, page, redirect
from console.web.submitted import submit, typed
from console.work import UnitOfWork
from policy.permissions import Permission

OWN = "/me/sessions"
TEMPLATE = "sessions/sessions.html"


@get(OWN, opt=declares(Permission.SESSION_READ))
async def own_sessions(request: ConsoleRequest, work: NamedDependency[UnitOfWork]) -> Template:
    """See where I am signed in."""
    return page(request, TEMPLATE, await open_sessions(work))


@post("/me/sessions/{session_id:uuid}/end", opt=declares(Permission.SESSION_REVOKE), status_code=200)
async def end_own(
    request: ConsoleRequest, work: NamedDependency[UnitOfWork], session_id: FromPath[UUID]
) -> Response[Any]:
    """Sign one of my browsers out."""
    await end_one(work, session_id)
    return redirect(request, OWN)


@post("/me/sessions/end", opt=declares(Permission.SESSION_REVOKE), status_code=200)
async def end_all_own(request: ConsoleRequest, work: NamedDependency[UnitOfWork]) -> Response[Any]:
    """Sign me out everywhere, here too."""
    await end_everywhere(work, work.principal.id)
    return redirect(request, OWN)


@get("/people/{person_id:uuid}/sessions", opt=declares(Permission.SESSION_READ))
async def person_sessions(
    request: ConsoleRequest, work: NamedDependency[UnitOfWork], person_id: FromPath[UUID]
) -> Template:
    """See where somebody is signed in."""
    return page(request, TEMPLATE, await open_sessions(work, person_id))


@post("/people/{person_id:uuid}/sessions/end", opt=declares(Permission.SESSION_REVOKE), status_code=200)
async def end_all_of_person(
    request: ConsoleRequest, work: NamedDependency[UnitOfWork], person_id: FromPath[UUID]
) -> Template | Response[Any]:
    """Sign somebody out everywhere, with a reason."""
    sent = read_form(Reason, await typed(request))
    form, _ = await submit(sent, lambda data: end_everywhere(work, person_id, data.reason))
    if form.data is None:
        context = await open_sessions(work, person_id, form)
        return form_error(request, TEMPLATE, context, fragment="sessions/_end_form.html")
    return redirect(request, f"/people/{person_id}/sessions")


PAGES = (own_sessions, end_own, end_all_own, person_sessions, end_all_of_person)
