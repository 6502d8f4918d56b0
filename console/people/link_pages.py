"""The pages on which two accounts are said to be one human's, or two humans' again."""

from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Template

from console.declared import declares
from console.people.linked import open_link, open_part, send_link, send_part
from console.web.request import ConsoleRequest
from console.web.responses import form_error, page, redirect
from console.web.submitted import typed
from console.work import UnitOfWork
from policy.permissions import Permission


@get("/people/{person_id:uuid}/link", opt=declares(Permission.PERSON_READ))
async def link(
    request: ConsoleRequest, work: NamedDependency[UnitOfWork], person_id: FromPath[UUID]
) -> Template:
    """Say whose other account is the same human's."""
    return page(request, "people/link.html", await open_link(work, person_id))


@post("/people/{person_id:uuid}/link", opt=declares(Permission.CHANGE_CREATE), status_code=200)
async def ask_for_link(
    request: ConsoleRequest, work: NamedDependency[UnitOfWork], person_id: FromPath[UUID]
) -> Template | Response[Any]:
    """Ask that two accounts count as one human."""
    form, asked = await send_link(work, person_id, await typed(request))
    if asked is None:
        context = await open_link(work, person_id, form)
        return form_error(request, "people/link.html", context, fragment="people/_link_form.html")
    return redirect(request, f"/records/changes/{asked.id}")


@get("/people/links/{link_id:uuid}", opt=declares(Permission.PERSON_READ))
async def part(
    request: ConsoleRequest, work: NamedDependency[UnitOfWork], link_id: FromPath[UUID]
) -> Template:
    """See which two accounts count as one human, and part them."""
    return page(request, "people/part.html", await open_part(work, link_id))


@post("/people/links/{link_id:uuid}", opt=declares(Permission.CHANGE_CREATE), status_code=200)
async def ask_for_part(
    request: ConsoleRequest, work: NamedDependency[UnitOfWork], link_id: FromPath[UUID]
) -> Template | Response[Any]:
    """Ask that two accounts count as two humans again."""
    form, asked = await send_part(work, link_id, await typed(request))
    if asked is None:
        context = await open_part(work, link_id, form)
        return form_error(request, "people/part.html", context, fragment="people/_part_form.html")
    return redirect(request, f"/records/changes/{asked.id}")


PAGES = (link, ask_for_link, part, ask_for_part)
