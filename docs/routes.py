# ruff: noqa: INP001 -- run with -m from the top, like the tests; there is nothing to import docs for
"""Lists every page and API route with the permission it declares, or the reason why it is open."""

from collections.abc import Callable, Iterable, Iterator

from litestar import Litestar, Router
from litestar.di import Provide
from litestar.handlers import HTTPRouteHandler
from litestar.types import ControllerRouterHandler

from console.app import provide_api_work, provide_services
from console.areas import API, LOG, OPEN_PAGES, PAGES
from console.declared import PERMISSION, PUBLIC
from console.gateway.table import GOVERNED, OPEN
from console.web.request import ConsoleRequest

Row = tuple[str, str, str, str]


def rows() -> list[Row]:
    """Return method, path, right and meaning of each route, sorted by path."""
    doors = (
        _mounted("/", PAGES),
        _mounted("/api/v1", API),
        _mounted("/log", LOG),
        _mounted("/", OPEN_PAGES),
        _governed(),
    )
    return sorted({row for door in doors for row in door}, key=lambda row: (row[1], row[0]))


def _governed() -> Iterator[Row]:
    for operation in GOVERNED:
        path = f"/v2/models/{{model}}[/versions/{{version}}]{operation.suffix}"
        meaning = f"Open Inference Protocol V2: {operation.name.removeprefix('v2.')}."
        yield operation.method, path, f"`{operation.permission.value}`", meaning
    for path, why in OPEN.items():
        yield "GET", path, f"open: {why}", "Answered by the gateway itself."


def _mounted(path: str, handlers: Iterable[ControllerRouterHandler]) -> Iterator[Row]:
    given: dict[str, Callable[..., object]] = {"services": provide_services, "work": provide_api_work}
    application = Litestar(
        [Router(path, route_handlers=list(handlers))],
        dependencies={name: Provide(give, sync_to_thread=False) for name, give in given.items()},
        request_class=ConsoleRequest,
        openapi_config=None,
        logging_config=None,
    )
    for route in application.routes:
        for handler in getattr(route, "route_handlers", ()):
            if isinstance(handler, HTTPRouteHandler):
                yield from _described(route.path, handler)


def _described(path: str, handler: HTTPRouteHandler) -> Iterator[Row]:
    right = handler.opt.get(PERMISSION)
    needs = f"`{right.value}`" if right else f"open: {handler.opt.get(PUBLIC, 'nothing is declared')}"
    meaning = " ".join((handler.fn.__doc__ or "").split("\n\n")[0].split())
    for method in sorted(set(handler.http_methods) - {"OPTIONS"}):
        yield f"`{method}`", f"`{path}`", needs, meaning
