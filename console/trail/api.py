"""The trail's JSON API, and the log as files under ``/log``."""

from typing import Annotated
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, QueryParameter

from console.declared import declares
from console.trail.details import event_detail
from console.trail.export import reconcile_sink, reconcile_sink_deep
from console.trail.forms import DeepRead, EventDetail, EventRead, LogKey, ReconciliationRead
from console.trail.proofs import read_log_key, read_proof
from console.trail.queries import LARGEST_INDEX, Order, Search, search_events
from console.trail.ranges import export_range
from console.trail.tile_answers import NO_CACHE, answer_tile
from console.trail.tiles import (
    parse_address,
    read_checkpoint,
    read_stamped_checkpoint,
    read_tile,
    read_timestamp,
)
from console.web.listing import Listing, cursor
from console.work import UnitOfWork
from policy.permissions import Permission

Limit = Annotated[int, QueryParameter(ge=1, le=200)]
Place = Annotated[int, QueryParameter(ge=0, le=LARGEST_INDEX)]


@get("/audit/events", opt=declares(Permission.AUDIT_READ))
async def get_events(
    work: NamedDependency[UnitOfWork],
    q: FromQuery[str] = "",
    after: FromQuery[str] = "",
    limit: Limit = 50,
    order: FromQuery[Order | None] = None,
) -> Listing[EventRead]:
    """Search the log; the read is itself recorded."""
    return Listing.of(await search_events(work, Search(q, order), cursor(after, 1), limit))


@get("/audit/events/{event_id:uuid}", opt=declares(Permission.AUDIT_READ))
async def get_event(work: NamedDependency[UnitOfWork], event_id: FromPath[UUID]) -> EventDetail:
    """Read one entry with its parts, as far as their keys still exist."""
    return await event_detail(work, event_id)


@get("/audit/events/{event_id:uuid}/proof", opt=declares(Permission.AUDIT_READ))
async def get_proof(work: NamedDependency[UnitOfWork], event_id: FromPath[UUID]) -> Response[bytes]:
    """Prove one entry to a stranger; waits up to five seconds for a checkpoint."""
    return Response(await read_proof(work, event_id), media_type="text/plain")


@get("/audit/range", opt=declares(Permission.AUDIT_EXPORT))
async def get_range(work: NamedDependency[UnitOfWork], first: Place, last: Place) -> Response[bytes]:
    """Take away a range of entries that proves its own completeness."""
    return Response(await export_range(work, first, last), media_type="text/plain")


@get("/audit/key", opt=declares(Permission.LOG_READ))
async def get_key(work: NamedDependency[UnitOfWork]) -> LogKey:
    """Read the key that verifies the log's checkpoints."""
    return await read_log_key(work)


@post("/audit/sinks/{name:str}/reconcile", opt=declares(Permission.SINK_RECONCILE), status_code=200)
async def post_reconcile(work: NamedDependency[UnitOfWork], name: FromPath[str]) -> ReconciliationRead:
    """Count what a follower holds of the signed log."""
    return await reconcile_sink(work, name)


@post("/audit/sinks/{name:str}/reconcile/deep", opt=declares(Permission.SINK_RECONCILE), status_code=200)
async def post_reconcile_deep(work: NamedDependency[UnitOfWork], name: FromPath[str]) -> DeepRead:
    """Look at every document of a follower: rebuild the signed root from them, derive each again."""
    return await reconcile_sink_deep(work, name)


@get("/checkpoint", opt=declares(Permission.LOG_READ))
async def get_checkpoint(work: NamedDependency[UnitOfWork]) -> Response[bytes]:
    """Read the newest signed checkpoint."""
    return Response(await read_checkpoint(work), media_type="text/plain", headers=NO_CACHE)


@get("/timestamp", opt=declares(Permission.LOG_READ))
async def get_timestamp(work: NamedDependency[UnitOfWork]) -> Response[bytes]:
    """Read the newest RFC 3161 time stamp."""
    return Response(await read_timestamp(work), media_type="application/timestamp-reply", headers=NO_CACHE)


@get("/timestamp/checkpoint", opt=declares(Permission.LOG_READ))
async def get_stamped_checkpoint(work: NamedDependency[UnitOfWork]) -> Response[bytes]:
    """Read the checkpoint that the newest time stamp is over."""
    return Response(await read_stamped_checkpoint(work), media_type="text/plain", headers=NO_CACHE)


@get("/tile/{address:path}", opt=declares(Permission.LOG_READ))
async def get_tile(work: NamedDependency[UnitOfWork], address: FromPath[str]) -> Response[bytes]:
    """Read a hash tile or a bundle of entries."""
    wanted = parse_address(address.removeprefix("/"))
    return answer_tile(wanted, await read_tile(work, wanted))


API = (get_events, get_event, get_proof, get_range, get_key, post_reconcile, post_reconcile_deep)
LOG_HANDLERS = (get_checkpoint, get_timestamp, get_stamped_checkpoint, get_tile)
