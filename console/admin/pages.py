"""The admin pages: health, clusters, followers of the log."""

from typing import Any

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Template

from console.admin.clusters import open_clusters, open_move, send_move
from console.admin.health import read_health
from console.admin.sinks import SinkClear, clear_sink, open_sinks, try_sink
from console.catalog import cluster_change
from console.catalog.discovery import sync_cluster
from console.catalog.forms import ClusterCreate
from console.declared import declares
from console.web.forms import read_form
from console.web.request import ConsoleRequest
from console.web.responses import form_error, page, redirect
from console.web.submitted import submit, typed
from console.work import UnitOfWork
from policy.permissions import Permission


@get("/admin", opt=declares(Permission.HEALTH_READ))
async def health(request: ConsoleRequest, work: NamedDependency[UnitOfWork]) -> Template:
    """See whether every service answers and the log and its followers keep up."""
    return page(request, "admin/health.html", await read_health(work))


@get("/admin/clusters", opt=declares(Permission.CLUSTER_READ))
async def clusters(request: ConsoleRequest, work: NamedDependency[UnitOfWork]) -> Template:
    """See the clusters and what they serve, drafts included."""
    return page(request, "admin/clusters.html", await open_clusters(work))


@post("/admin/clusters", opt=declares(Permission.CLUSTER_CREATE), status_code=200)
async def add_cluster(request: ConsoleRequest, work: NamedDependency[UnitOfWork]) -> Template | Response[Any]:
    """Add a cluster that already runs."""
    sent = read_form(ClusterCreate, await typed(request))
    form, _ = await submit(sent, lambda data: cluster_change.add_cluster(work, data))
    if form.data is None:
        context = await open_clusters(work, form)
        return form_error(request, "admin/clusters.html", context, fragment="admin/_cluster_form.html")
    return redirect(request, "/admin/clusters")


@get("/admin/clusters/{name:str}/move", opt=declares(Permission.CLUSTER_CREATE))
async def move(request: ConsoleRequest, work: NamedDependency[UnitOfWork], name: FromPath[str]) -> Template:
    """Read where a cluster is, in a form that gives it another address."""
    return page(request, "admin/move.html", await open_move(work, name))


@post("/admin/clusters/{name:str}/move", opt=declares(Permission.CLUSTER_CREATE), status_code=200)
async def move_to(
    request: ConsoleRequest, work: NamedDependency[UnitOfWork], name: FromPath[str]
) -> Template | Response[Any]:
    """Give a cluster another address, or ask for it."""
    form, carried = await send_move(work, name, await typed(request))
    if carried is None:
        context = await open_move(work, name, form)
        return form_error(request, "admin/move.html", context, fragment="admin/_move_form.html")
    waits = carried.change and f"/records/changes/{carried.change.id}"
    return redirect(request, waits or "/admin/clusters")


@post("/admin/clusters/{name:str}/sync", opt=declares(Permission.CLUSTER_SYNC), status_code=200)
async def sync(
    request: ConsoleRequest, work: NamedDependency[UnitOfWork], name: FromPath[str]
) -> Response[Any]:
    """Ask a cluster what it serves; what is new becomes a draft."""
    await sync_cluster(work, name)
    return redirect(request, "/admin/clusters")


@get("/admin/sinks", opt=declares(Permission.SINK_READ))
async def sinks(request: ConsoleRequest, work: NamedDependency[UnitOfWork]) -> Template:
    """See who follows the log, and how far each has come."""
    return page(request, "admin/sinks.html", await open_sinks(work))


@post("/admin/sinks/{name:str}/test", opt=declares(Permission.SINK_TEST), status_code=200)
async def test(request: ConsoleRequest, work: NamedDependency[UnitOfWork], name: FromPath[str]) -> Template:
    """Ask one follower whether it can be delivered to."""
    tested = await try_sink(work, name)
    return page(request, "admin/sinks.html", await open_sinks(work, tested))


@post("/admin/sinks/{name:str}/clear", opt=declares(Permission.SINK_UPDATE), status_code=200)
async def clear(
    request: ConsoleRequest, work: NamedDependency[UnitOfWork], name: FromPath[str]
) -> Response[Any]:
    """Say that a person has looked into a follower's alarm."""
    await clear_sink(work, name, SinkClear())
    return redirect(request, "/admin/sinks")


PAGES = (health, clusters, add_cluster, move, move_to, sync, sinks, test, clear)
