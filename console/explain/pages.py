"""Two pages: why somebody may do something, and who could do what at a moment."""

from http import HTTPStatus

from litestar import get
from litestar.di import NamedDependency
from litestar.response import Template

from console.declared import declares
from console.explain.shown import open_as_of, open_explanation
from console.web.request import ConsoleRequest
from console.web.responses import page
from console.work import UnitOfWork
from policy.permissions import Permission


@get("/access/explain", opt=declares(Permission.ACCESS_EXPLAIN))
async def explained(request: ConsoleRequest, work: NamedDependency[UnitOfWork]) -> Template:
    """Ask why somebody may do something with a model, or what refuses it."""
    context = await open_explanation(work, dict(request.query_params.items()))
    status = HTTPStatus.UNPROCESSABLE_ENTITY if context.form.errors else HTTPStatus.OK
    return page(request, "explain/explain.html", context, fragment="explain/_explanation.html", status=status)


@get("/access/as-of", opt=declares(Permission.ACCESS_EXPLAIN))
async def as_of(request: ConsoleRequest, work: NamedDependency[UnitOfWork]) -> Template:
    """See who could do what at a moment, as known then or now."""
    context = await open_as_of(work, dict(request.query_params.items()))
    status = HTTPStatus.UNPROCESSABLE_ENTITY if context.form.errors else HTTPStatus.OK
    fragment = "explain/_rows.html" if request.query_params.get("after") else "explain/_found.html"
    return page(request, "explain/as_of.html", context, fragment=fragment, status=status)


PAGES = (explained, as_of)
