"""The page of the sync with the directory."""

from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Template

from console.declared import declares
from console.directory.following import SyncAsk, ask_sync, confirm_sync, drop_sync, open_directory_page
from console.web.request import ConsoleRequest
from console.web.responses import page, redirect
from console.work import UnitOfWork
from policy.permissions import Permission

HERE = "/admin/directory"


@get(HERE, opt=declares(Permission.DIRECTORY_READ))
async def directory(request: ConsoleRequest, work: NamedDependency[UnitOfWork]) -> Template:
    """See how the sync stands, and what the newest one would do or did."""
    context = await open_directory_page(work)
    return page(request, "directory/directory.html", context, fragment="directory/_state.html")


@post(HERE + "/preview", opt=declares(Permission.DIRECTORY_SYNC), status_code=200)
async def preview(request: ConsoleRequest, work: NamedDependency[UnitOfWork]) -> Response[Any]:
    """Ask what a sync would do."""
    await ask_sync(work, SyncAsk(dry_run=True))
    return redirect(request, HERE)


@post(HERE + "/sync", opt=declares(Permission.DIRECTORY_SYNC), status_code=200)
async def sync(request: ConsoleRequest, work: NamedDependency[UnitOfWork]) -> Response[Any]:
    """Ask for a sync."""
    await ask_sync(work, SyncAsk())
    return redirect(request, HERE)


@post(HERE + "/runs/{run_id:uuid}/confirm", opt=declares(Permission.DIRECTORY_SYNC), status_code=200)
async def confirm(
    request: ConsoleRequest, work: NamedDependency[UnitOfWork], run_id: FromPath[UUID]
) -> Response[Any]:
    """Let a sync that waits take what it takes."""
    await confirm_sync(work, run_id)
    return redirect(request, HERE)


@post(HERE + "/runs/{run_id:uuid}/drop", opt=declares(Permission.DIRECTORY_SYNC), status_code=200)
async def drop(
    request: ConsoleRequest, work: NamedDependency[UnitOfWork], run_id: FromPath[UUID]
) -> Response[Any]:
    """Drop a sync that waits."""
    await drop_sync(work, run_id)
    return redirect(request, HERE)


PAGES = (directory, preview, sync, confirm, drop)
