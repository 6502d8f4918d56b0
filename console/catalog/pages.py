"""The catalog's pages: the marketplace, a model, its stop button, and what is asked for of it."""

from typing import Any

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from litestar.response import Template

from console.catalog.change_page import open_change, send_change
from console.catalog.forms import Reason
from console.catalog.marketplace import open_marketplace, read_filter
from console.catalog.model_page import open_model
from console.catalog.promote_page import open_promotion, send_promotion
from console.catalog.publish_page import open_publication, send_publication
from console.catalog.stopping import start_route, stop_route
from console.catalog.versions_page import open_versions, send_default, send_removal
from console.declared import declares
from console.web.forms import read_form
from console.web.request import ConsoleRequest
from console.web.responses import form_error, page, redirect
from console.web.submitted import submit, typed
from console.work import UnitOfWork
from policy.permissions import Permission


@get("/models", opt=declares(Permission.MODEL_READ))
async def models(
    request: ConsoleRequest, work: NamedDependency[UnitOfWork], after: FromQuery[str] = ""
) -> Template:
    """Find models by words and facets."""
    wanted = read_filter(list(request.query_params.multi_items()))
    context = await open_marketplace(work, wanted, after)
    return page(request, "catalog/models.html", context, fragment="catalog/_models.html")


@get("/models/{name:str}", opt=declares(Permission.MODEL_READ))
async def model(request: ConsoleRequest, work: NamedDependency[UnitOfWork], name: FromPath[str]) -> Template:
    """Read one model: its card, its versions, how to call it, and one's own access."""
    return page(request, "catalog/model.html", await open_model(work, name))


@post("/models/{name:str}/stop", opt=declares(Permission.ROUTE_STOP), status_code=200)
async def stop(
    request: ConsoleRequest, work: NamedDependency[UnitOfWork], name: FromPath[str]
) -> Template | Response[Any]:
    """Stop a route: every gateway refuses its calls within seconds."""
    sent = read_form(Reason, await typed(request))
    form, _ = await submit(sent, lambda data: stop_route(work, name, data.reason))
    if form.data is None:
        context = await open_model(work, name, form)
        return form_error(request, "catalog/model.html", context, fragment="catalog/_stop.html")
    return redirect(request, f"/models/{name}")


@post("/models/{name:str}/start", opt=declares(Permission.ROUTE_START), status_code=200)
async def start(
    request: ConsoleRequest, work: NamedDependency[UnitOfWork], name: FromPath[str]
) -> Template | Response[Any]:
    """Start a stopped route again."""
    sent = read_form(Reason, await typed(request))
    form, _ = await submit(sent, lambda data: start_route(work, name, data.reason))
    if form.data is None:
        context = await open_model(work, name, form)
        return form_error(request, "catalog/model.html", context, fragment="catalog/_start.html")
    return redirect(request, f"/models/{name}")


@get("/models/{name:str}/change", opt=declares(Permission.MODEL_UPDATE))
async def change(request: ConsoleRequest, work: NamedDependency[UnitOfWork], name: FromPath[str]) -> Template:
    """Read what a model is, in a form that says something else of it."""
    return page(request, "catalog/change.html", await open_change(work, name))


@post("/models/{name:str}/change", opt=declares(Permission.MODEL_UPDATE), status_code=200)
async def send(
    request: ConsoleRequest, work: NamedDependency[UnitOfWork], name: FromPath[str]
) -> Template | Response[Any]:
    """Say something else of a model; what is weaker waits for somebody else."""
    form, carried = await send_change(work, name, await typed(request))
    if carried is None:
        context = await open_change(work, name, form)
        return form_error(request, "catalog/change.html", context, fragment="catalog/_change_form.html")
    return redirect(request, f"/records/changes/{carried.change.id}" if carried.change else f"/models/{name}")


@get("/models/{name:str}/versions", opt=declares(Permission.MODEL_PUBLISH))
async def version(
    request: ConsoleRequest, work: NamedDependency[UnitOfWork], name: FromPath[str]
) -> Template:
    """Read what a model's clusters serve that is no version of it yet, in a form that asks for one."""
    return page(request, "catalog/promote.html", await open_promotion(work, name))


@post("/models/{name:str}/versions", opt=declares(Permission.MODEL_PUBLISH), status_code=200)
async def promote(
    request: ConsoleRequest, work: NamedDependency[UnitOfWork], name: FromPath[str]
) -> Template | Response[Any]:
    """Ask that a route is answered by one version more; a reviewer signs its evidence."""
    form, asked = await send_promotion(work, name, await typed(request))
    if asked is None:
        context = await open_promotion(work, name, form)
        return form_error(request, "catalog/promote.html", context, fragment="catalog/_promote_form.html")
    return redirect(request, f"/records/changes/{asked.id}")


@get("/models/{name:str}/default", opt=declares(Permission.MODEL_PUBLISH))
async def default(
    request: ConsoleRequest,
    work: NamedDependency[UnitOfWork],
    name: FromPath[str],
    label: FromQuery[str] = "",
) -> Template:
    """Read which version answers by default, in a form that asks for another, and one that takes one off."""
    return page(request, "catalog/default.html", await open_versions(work, name, label))


@post("/models/{name:str}/default", opt=declares(Permission.MODEL_PUBLISH), status_code=200)
async def shift(
    request: ConsoleRequest, work: NamedDependency[UnitOfWork], name: FromPath[str]
) -> Template | Response[Any]:
    """Ask that another version answers by default; a reviewer signs its evidence."""
    form, asked = await send_default(work, name, await typed(request))
    if asked is None:
        context = await open_versions(work, name, form=form)
        return form_error(request, "catalog/default.html", context, fragment="catalog/_default_form.html")
    return redirect(request, f"/records/changes/{asked.id}")


@post("/models/{name:str}/remove", opt=declares(Permission.MODEL_UPDATE), status_code=200)
async def remove(
    request: ConsoleRequest, work: NamedDependency[UnitOfWork], name: FromPath[str]
) -> Template | Response[Any]:
    """Take a version off the route: its label is called no more."""
    form = await send_removal(work, name, await typed(request))
    if form.data is None:
        context = await open_versions(work, name, remove_form=form)
        return form_error(request, "catalog/default.html", context, fragment="catalog/_remove_form.html")
    return redirect(request, f"/models/{name}")


@get("/models/publish", opt=declares(Permission.MODEL_PUBLISH))
async def publication(
    request: ConsoleRequest,
    work: NamedDependency[UnitOfWork],
    cluster: FromQuery[str] = "",
    served: FromQuery[str] = "",
    version: FromQuery[str] = "",
) -> Template:
    """Read what the clusters serve that nobody has published, in a form that asks for it."""
    context = await open_publication(work, (cluster, served, version))
    return page(request, "catalog/publish.html", context)


@post("/models/publish", opt=declares(Permission.MODEL_PUBLISH), status_code=200)
async def publish(request: ConsoleRequest, work: NamedDependency[UnitOfWork]) -> Template | Response[Any]:
    """Ask that a model is published under a new route; a reviewer signs its card and its evidence."""
    form, asked = await send_publication(work, await typed(request))
    if asked is None:
        context = await open_publication(work, form=form)
        return form_error(request, "catalog/publish.html", context, fragment="catalog/_publish_form.html")
    return redirect(request, f"/records/changes/{asked.id}")


PAGES = (
    *(models, model, stop, start, change, send),
    *(version, promote, default, shift, remove, publication, publish),
)
