"""The trail's pages: search the log, read an entry, take its proof away."""

from http import HTTPStatus
from uuid import UUID

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from litestar.response import Template

from console.declared import declares
from console.trail.event_page import open_event
from console.trail.proofs import read_proof
from console.trail.search_page import open_trail
from console.web.request import ConsoleRequest
from console.web.responses import page
from console.work import UnitOfWork
from policy.permissions import Permission


@get("/audit", opt=declares(Permission.AUDIT_READ))
async def trail(
    request: ConsoleRequest,
    work: NamedDependency[UnitOfWork],
    q: FromQuery[str] = "",
    after: FromQuery[str] = "",
) -> Template:
    """Search the log; the read is itself recorded."""
    context = await open_trail(work, q.strip(), after)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if context.error else HTTPStatus.OK
    fragment = "trail/_events.html" if after else "trail/_trail.html"
    return page(request, "trail/trail.html", context, fragment=fragment, status=status)


@get("/audit/events/{event_id:uuid}", opt=declares(Permission.AUDIT_READ))
async def event(
    request: ConsoleRequest, work: NamedDependency[UnitOfWork], event_id: FromPath[UUID]
) -> Template:
    """Read one entry whole, with its proof."""
    return page(request, "trail/event.html", await open_event(work, event_id))


@get("/audit/events/{event_id:uuid}/proof", opt=declares(Permission.AUDIT_READ))
async def proof(work: NamedDependency[UnitOfWork], event_id: FromPath[UUID]) -> Response[bytes]:
    """Take away the proof of one entry, to verify it anywhere."""
    saved = {"Content-Disposition": f'attachment; filename="{event_id}.tlog-proof"'}
    content = await read_proof(work, event_id)
    return Response(content, media_type="text/plain", headers=saved)


PAGES = (trail, event, proof)
