"""The pages of the directories' credentials."""

from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Template

from console.declared import declares
from console.scim.credentials import ask_credential, revoke_credential
from console.scim.forms import ScimCredentialAsk, ScimCredentialRevoke
from console.scim.overview import begin_ask, open_ask, open_directories
from console.web.forms import read_form
from console.web.request import ConsoleRequest
from console.web.responses import form_error, page, redirect
from console.web.submitted import submit, typed
from console.work import UnitOfWork
from policy.permissions import Permission

LIST, ASK = "scim/directories.html", "scim/ask.html"


@get("/admin/directories", opt=declares(Permission.SCIM_CREDENTIAL_READ))
async def directories(request: ConsoleRequest, work: NamedDependency[UnitOfWork]) -> Template:
    """See which directories may write here, and when each last did."""
    return page(request, LIST, await open_directories(work))


@get("/admin/directories/ask", opt=declares(Permission.CHANGE_CREATE))
async def ask(request: ConsoleRequest, work: NamedDependency[UnitOfWork]) -> Template:
    """Open the form on which a credential is asked for."""
    return page(request, ASK, await begin_ask(work))


@post("/admin/directories/ask", opt=declares(Permission.CHANGE_CREATE), status_code=200)
async def send_ask(request: ConsoleRequest, work: NamedDependency[UnitOfWork]) -> Template:
    """Ask for a credential, and see its token this once."""
    sent = read_form(ScimCredentialAsk, await typed(request))
    form, asked = await submit(sent, lambda data: ask_credential(work, data))
    if asked is None:
        return form_error(request, ASK, open_ask(work, form), fragment="scim/_ask_form.html")
    return page(request, LIST, await open_directories(work, asked))


@post(
    "/admin/directories/{credential_id:uuid}/revoke",
    opt=declares(Permission.SCIM_CREDENTIAL_REVOKE),
    status_code=200,
)
async def revoke(
    request: ConsoleRequest, work: NamedDependency[UnitOfWork], credential_id: FromPath[UUID]
) -> Template | Response[Any]:
    """Revoke a credential, at once."""
    sent = read_form(ScimCredentialRevoke, await typed(request))
    form, _ = await submit(sent, lambda data: revoke_credential(work, credential_id, data.reason))
    if form.data is None:
        return page(request, LIST, await open_directories(work), status=422)
    return redirect(request, "/admin/directories")


PAGES = (directories, ask, send_ask, revoke)
