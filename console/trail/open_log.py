"""The log's hashes and signatures for anybody, where ``audit.public`` says so; entries stay with auditors.

Whoever watches a log this way needs no account: checkpoint and hash tiles say nothing about anybody, and show
that the log only grows. The addresses are those of ``console.trail.api``.
"""

from typing import Final

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.middleware import DefineMiddleware
from litestar.params import FromPath

from console.declared import declares, public
from console.security import BearerAuthentication
from console.services import Services
from console.trail.tile_answers import NO_CACHE, answer_tile
from console.trail.tiles import (
    checkpoint_of,
    parse_address,
    read_tile,
    stamped_checkpoint_of,
    tile_of,
    timestamp_of,
)
from console.work import UnitOfWork
from policy.permissions import Permission

OPEN: Final = public("audit.public opens it: hashes and signatures say nothing about anybody")


@get("/checkpoint", opt=OPEN)
async def open_checkpoint(services: NamedDependency[Services]) -> Response[bytes]:
    """Read the newest signed checkpoint."""
    return Response(await checkpoint_of(services), media_type="text/plain", headers=NO_CACHE)


@get("/timestamp", opt=OPEN)
async def open_timestamp(services: NamedDependency[Services]) -> Response[bytes]:
    """Read the newest RFC 3161 time stamp."""
    return Response(await timestamp_of(services), media_type="application/timestamp-reply", headers=NO_CACHE)


@get("/timestamp/checkpoint", opt=OPEN)
async def open_stamped_checkpoint(services: NamedDependency[Services]) -> Response[bytes]:
    """Read the checkpoint that the newest time stamp is over."""
    return Response(await stamped_checkpoint_of(services), media_type="text/plain", headers=NO_CACHE)


@get("/tile/{address:path}", opt=OPEN)
async def open_tile(services: NamedDependency[Services], address: FromPath[str]) -> Response[bytes]:
    """Read a hash tile."""
    wanted = parse_address(address.removeprefix("/"))
    return answer_tile(wanted, await tile_of(services, wanted), shared=True)


@get(
    "/tile/entries/{address:path}",
    opt=declares(Permission.LOG_READ),
    middleware=[DefineMiddleware(BearerAuthentication)],
)
async def get_entries(work: NamedDependency[UnitOfWork], address: FromPath[str]) -> Response[bytes]:
    """Read a bundle of entries, as an auditor of everything."""
    wanted = parse_address(f"entries/{address.removeprefix('/')}")
    return answer_tile(wanted, await read_tile(work, wanted))


OPEN_LOG_HANDLERS: Final = (
    open_checkpoint,
    open_timestamp,
    open_stamped_checkpoint,
    open_tile,
    get_entries,
)
