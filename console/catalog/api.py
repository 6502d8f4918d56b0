"""The catalog's JSON API: every click has a call, and each call is one query or one action."""

from typing import Annotated

from litestar import Response, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from console.catalog.cluster_change import add_cluster, move_cluster
from console.catalog.discovery import find_cluster, sync_cluster
from console.catalog.forms import (
    ClusterCreate,
    ClusterMove,
    ClusterRead,
    DefaultAsk,
    DeploymentRead,
    ModelPublish,
    ModelUpdate,
    PromoteAsk,
    Reason,
    RouteDetail,
)
from console.catalog.forms import RouteRead as RouteRow
from console.catalog.model_change import update_model
from console.catalog.promoting import ask_promotion
from console.catalog.publish_change import ask_publication
from console.catalog.queries import (
    RouteFilter,
    cluster_read,
    list_clusters,
    list_deployments,
    list_routes,
    route_detail,
)
from console.catalog.shifting import ask_default
from console.catalog.stopping import start_route, stop_route
from console.catalog.unlisting import unlist_version
from console.changes.carrying import Carried
from console.changes.forms import ChangeCreated
from console.declared import declares
from console.web.listing import Listing, cursor
from console.work import UnitOfWork
from policy.permissions import Permission

Limit = Annotated[int, QueryParameter(ge=1, le=200)]


@get("/routes", opt=declares(Permission.MODEL_READ))
async def get_routes(
    work: NamedDependency[UnitOfWork], q: FromQuery[str] = "", after: FromQuery[str] = "", limit: Limit = 50
) -> Listing[RouteRow]:
    """Find routes by words."""
    return Listing.of(await list_routes(work, RouteFilter(q), cursor(after, 1), limit))


@get("/routes/{name:str}", opt=declares(Permission.MODEL_READ))
async def get_route(work: NamedDependency[UnitOfWork], name: FromPath[str]) -> RouteDetail:
    """Read one route with its model card and versions."""
    return await route_detail(work, name)


@post("/routes/{name:str}/stop", opt=declares(Permission.ROUTE_STOP), status_code=204)
async def post_stop(work: NamedDependency[UnitOfWork], name: FromPath[str], data: JSONBody[Reason]) -> None:
    """Stop a route: every gateway refuses its calls within seconds."""
    await stop_route(work, name, data.reason)


@post("/routes/{name:str}/start", opt=declares(Permission.ROUTE_START), status_code=204)
async def post_start(work: NamedDependency[UnitOfWork], name: FromPath[str], data: JSONBody[Reason]) -> None:
    """Start a stopped route again."""
    await start_route(work, name, data.reason)


@post("/routes/{name:str}/versions", opt=declares(Permission.MODEL_PUBLISH))
async def post_version(
    work: NamedDependency[UnitOfWork], name: FromPath[str], data: JSONBody[PromoteAsk]
) -> ChangeCreated:
    """Ask that the route is answered by one version more; a reviewer signs its evidence."""
    return await ask_promotion(work, name, data)


@post("/routes/{name:str}/default", opt=declares(Permission.MODEL_PUBLISH))
async def post_default(
    work: NamedDependency[UnitOfWork], name: FromPath[str], data: JSONBody[DefaultAsk]
) -> ChangeCreated:
    """Ask that a version the model has already answers by default; a reviewer signs its evidence."""
    return await ask_default(work, name, data)


@post(
    "/routes/{name:str}/versions/{label:str}/remove", opt=declares(Permission.MODEL_UPDATE), status_code=204
)
async def post_removal(
    work: NamedDependency[UnitOfWork], name: FromPath[str], label: FromPath[str], data: JSONBody[Reason]
) -> None:
    """Take a version off the route: its label is called no more."""
    await unlist_version(work, name, label, data.reason)


@post("/models", opt=declares(Permission.MODEL_PUBLISH))
async def post_model(work: NamedDependency[UnitOfWork], data: JSONBody[ModelPublish]) -> ChangeCreated:
    """Ask that a model is published under a new route; asked again, it takes the place of what was asked."""
    return await ask_publication(work, data)


@get("/clusters", opt=declares(Permission.CLUSTER_READ))
async def get_clusters(work: NamedDependency[UnitOfWork]) -> Listing[ClusterRead]:
    """List the clusters."""
    return Listing(items=list(await list_clusters(work)))


@put("/models/{name:str}", opt=declares(Permission.MODEL_UPDATE))
async def put_model(
    work: NamedDependency[UnitOfWork], name: FromPath[str], data: JSONBody[ModelUpdate]
) -> Response[Carried]:
    """Say something else of a model; 202 where somebody else has to agree."""
    carried = await update_model(work, name, data)
    return Response(carried, status_code=202 if carried.change else 200)


@post("/clusters", opt=declares(Permission.CLUSTER_CREATE))
async def post_cluster(
    work: NamedDependency[UnitOfWork], data: JSONBody[ClusterCreate]
) -> Response[ClusterRead | Carried]:
    """Add a cluster that already runs; 202 where somebody else has to agree."""
    carried = await add_cluster(work, data)
    if carried.change:
        return Response(carried, status_code=202)
    async with work.read() as session:
        added = await find_cluster(session, data.name)
    return Response(cluster_read(added) if added else carried, status_code=201)


@put("/clusters/{name:str}", opt=declares(Permission.CLUSTER_CREATE))
async def put_cluster(
    work: NamedDependency[UnitOfWork], name: FromPath[str], data: JSONBody[ClusterMove]
) -> Response[Carried]:
    """Give a cluster another address; 202 where somebody else has to agree."""
    carried = await move_cluster(work, name, data)
    return Response(carried, status_code=202 if carried.change else 200)


@post("/clusters/{name:str}/sync", opt=declares(Permission.CLUSTER_SYNC), status_code=200)
async def post_sync(work: NamedDependency[UnitOfWork], name: FromPath[str]) -> dict[str, int]:
    """Ask a cluster what it serves; what is new becomes a draft."""
    synced = await sync_cluster(work, name)
    return {"served": synced.served, "drafts": synced.drafts}


@get("/clusters/{name:str}/deployments", opt=declares(Permission.CLUSTER_READ))
async def get_deployments(work: NamedDependency[UnitOfWork], name: FromPath[str]) -> Listing[DeploymentRead]:
    """List what a cluster serves, drafts included."""
    return Listing(items=list(await list_deployments(work, name)))


API = (
    post_version,
    post_default,
    post_removal,
    get_routes,
    get_route,
    post_stop,
    post_start,
    post_model,
    put_model,
    get_clusters,
    post_cluster,
    put_cluster,
    post_sync,
    get_deployments,
)
