"""The sync's JSON API."""

from uuid import UUID

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from console.declared import declares
from console.directory.following import (
    DirectoryRead,
    RunRead,
    SyncAsk,
    ask_sync,
    confirm_sync,
    drop_sync,
    read_directory,
)
from console.work import UnitOfWork
from policy.permissions import Permission


@get("/directory", opt=declares(Permission.DIRECTORY_READ))
async def get_directory(work: NamedDependency[UnitOfWork]) -> DirectoryRead:
    """Read how the sync with the directory stands, and its newest runs."""
    return await read_directory(work)


@post("/directory/sync", opt=declares(Permission.DIRECTORY_SYNC), status_code=202)
async def post_sync(work: NamedDependency[UnitOfWork], data: JSONBody[SyncAsk]) -> RunRead:
    """Ask for a sync, or for a dry run of one; the worker does it."""
    return await ask_sync(work, data)


@post("/directory/sync/{run_id:uuid}/confirm", opt=declares(Permission.DIRECTORY_SYNC), status_code=202)
async def post_confirm(work: NamedDependency[UnitOfWork], run_id: FromPath[UUID]) -> RunRead:
    """Let a sync that waits for an admin take what it takes."""
    return await confirm_sync(work, run_id)


@post("/directory/sync/{run_id:uuid}/drop", opt=declares(Permission.DIRECTORY_SYNC), status_code=200)
async def post_drop(work: NamedDependency[UnitOfWork], run_id: FromPath[UUID]) -> RunRead:
    """Drop a sync that waits for an admin."""
    return await drop_sync(work, run_id)


API = (get_directory, post_sync, post_confirm, post_drop)
