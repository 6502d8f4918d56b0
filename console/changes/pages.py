"""The page of one change, whatever its kind: what is signed, what it would do, and the answer."""

from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Template

from console.changes.change_page import open_change, sign_change
from console.changes.forms import ReviewCreate
from console.changes.withdrawing import withdraw_change
from console.declared import declares
from console.web.forms import read_form
from console.web.request import ConsoleRequest
from console.web.responses import form_error, page, redirect
from console.web.submitted import typed
from console.work import UnitOfWork
from policy.permissions import Permission


@get("/records/changes/{change_id:uuid}", opt=declares(Permission.CHANGE_READ))
async def change(
    request: ConsoleRequest, work: NamedDependency[UnitOfWork], change_id: FromPath[UUID]
) -> Template:
    """Read exactly what an answer signs and what it would do, and sign it."""
    return page(request, "changes/change.html", await open_change(work, change_id))


@post("/records/changes/{change_id:uuid}", opt=declares(Permission.CHANGE_REVIEW), status_code=200)
async def sign(
    request: ConsoleRequest, work: NamedDependency[UnitOfWork], change_id: FromPath[UUID]
) -> Template | Response[Any]:
    """Approve or refuse a change, signed by a stepped-up sign-in."""
    form, signed = await sign_change(work, change_id, read_form(ReviewCreate, await typed(request)))
    if signed is None:
        context = await open_change(work, change_id, form)
        return form_error(request, "changes/change.html", context, fragment="changes/_sign.html")
    return redirect(request, f"/records/changes/{change_id}")


@post("/records/changes/{change_id:uuid}/withdraw", opt=declares(Permission.CHANGE_WITHDRAW), status_code=200)
async def withdraw(
    request: ConsoleRequest, work: NamedDependency[UnitOfWork], change_id: FromPath[UUID]
) -> Response[Any]:
    """Withdraw a change I asked for."""
    await withdraw_change(work, change_id)
    return redirect(request, f"/records/changes/{change_id}")


PAGES = (change, sign, withdraw)
