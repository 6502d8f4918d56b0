"""The admin area's JSON API."""

from uuid import UUID

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from console.admin.sinks import (
    SinkClear,
    SinkCleared,
    SinkRead,
    SinkTested,
    clear_sink,
    list_sinks,
    try_sink,
)
from console.declared import declares
from console.unexplained.settling import RowSettle, UnexplainedRead, list_unexplained, settle_row
from console.web.listing import Listing
from console.work import UnitOfWork
from policy.permissions import Permission


@get("/sinks", opt=declares(Permission.SINK_READ))
async def get_sinks(work: NamedDependency[UnitOfWork]) -> Listing[SinkRead]:
    """List the log's followers and how far each has come."""
    return Listing(items=list(await list_sinks(work)))


@post("/sinks/{name:str}/test", opt=declares(Permission.SINK_TEST), status_code=200)
async def post_test(work: NamedDependency[UnitOfWork], name: FromPath[str]) -> SinkTested:
    """Ask a follower whether it can be delivered to."""
    return await try_sink(work, name)


@post("/sinks/{name:str}/clear", opt=declares(Permission.SINK_UPDATE), status_code=202)
async def post_clear(
    work: NamedDependency[UnitOfWork], name: FromPath[str], data: JSONBody[SinkClear]
) -> SinkCleared:
    """Say that a person has looked into a follower's alarm."""
    return await clear_sink(work, name, data)


@get("/unexplained", opt=declares(Permission.HEALTH_READ))
async def get_unexplained(work: NamedDependency[UnitOfWork]) -> Listing[UnexplainedRead]:
    """List the rows that are not what the log says they are."""
    return Listing(items=list(await list_unexplained(work)))


@post("/unexplained/{kind:str}/{row_id:uuid}/settle", opt=declares(Permission.STATE_SETTLE), status_code=204)
async def post_settle(
    work: NamedDependency[UnitOfWork], kind: FromPath[str], row_id: FromPath[UUID], data: JSONBody[RowSettle]
) -> None:
    """End a row that no recorded act explains."""
    await settle_row(work, kind, row_id, data)


API = (get_unexplained, post_settle, get_sinks, post_test, post_clear)
