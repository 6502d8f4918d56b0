"""The page of my deputies."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Template

from console.declared import declares
from console.deputies.forms import MOST_DAYS, DelegationCreate, DelegationRead
from console.deputies.naming import accept_delegation, end_delegation, name_deputy
from console.deputies.queries import list_delegations
from console.web.forms import Form, read_form
from console.web.request import ConsoleRequest
from console.web.responses import form_error, page, redirect
from console.web.submitted import submit, typed
from console.work import UnitOfWork
from policy.permissions import Permission

PATH = "/me/deputies"


@dataclass(frozen=True, slots=True)
class Deputies:
    """What the page shows."""

    items: list[DelegationRead]
    most_days: int
    form: Form[DelegationCreate]


async def open_deputies(work: UnitOfWork, form: Form[DelegationCreate] | None = None) -> Deputies:
    """Return the page."""
    return Deputies(list(await list_delegations(work)), MOST_DAYS, form or Form())


@get(PATH, opt=declares(Permission.SELF_READ))
async def deputies(request: ConsoleRequest, work: NamedDependency[UnitOfWork]) -> Template:
    """See who answers for me, and for whom I answer."""
    return page(request, "deputies/deputies.html", await open_deputies(work))


@post(PATH, opt=declares(Permission.DELEGATION_CREATE), status_code=200)
async def name(request: ConsoleRequest, work: NamedDependency[UnitOfWork]) -> Template | Response[Any]:
    """Name a deputy, or say that I am away."""
    sent = read_form(DelegationCreate, await typed(request))
    form, named = await submit(sent, lambda data: name_deputy(work, data))
    if named is None:
        context = await open_deputies(work, form)
        return form_error(request, "deputies/deputies.html", context, fragment="deputies/_form.html")
    return redirect(request, PATH)


@post(PATH + "/{delegation_id:uuid}/accept", opt=declares(Permission.DELEGATION_ACCEPT), status_code=200)
async def accept(
    request: ConsoleRequest, work: NamedDependency[UnitOfWork], delegation_id: FromPath[UUID]
) -> Response[Any]:
    """Accept to be somebody's deputy."""
    await accept_delegation(work, delegation_id)
    return redirect(request, PATH)


@post(PATH + "/{delegation_id:uuid}/end", opt=declares(Permission.DELEGATION_END), status_code=200)
async def end(
    request: ConsoleRequest, work: NamedDependency[UnitOfWork], delegation_id: FromPath[UUID]
) -> Response[Any]:
    """End a delegation at once."""
    await end_delegation(work, delegation_id)
    return redirect(request, PATH)


PAGES = (deputies, name, accept, end)
