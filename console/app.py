"""The console as one application: the areas, the doors around them, and the order they are read in."""

from typing import Any

from litestar import Litestar, Request, Router
from litestar.datastructures import State
from litestar.di import NamedDependency, Provide
from litestar.middleware import DefineMiddleware
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin

from console.areas import API, LOG, OPEN_LOG, OPEN_PAGES, PAGES
from console.declared import public, require_declared
from console.health import HEALTH
from console.problems import ANSWERS
from console.questions import origin_of
from console.security import BearerAuthentication, SessionAuthentication, require_csrf
from console.services import Services
from console.settings import Settings
from console.shell import ShellReader, describe_shell
from console.web.assets import read_assets, static_router
from console.web.request import ConsoleRequest
from console.web.templates import build_environment, template_config
from console.work import UnitOfWork


def create_app(services: Services) -> Litestar:
    """Return the console on `services`; whoever built them closes them."""
    environment = build_environment(read_assets(), describe_shell)
    return Litestar(
        route_handlers=[_pages(), _api(), log_router(services.settings), _open(), _static()],
        state=State({"services": services}),
        dependencies={"services": Provide(provide_services, sync_to_thread=False)},
        guards=[require_declared],
        exception_handlers=ANSWERS,  # type: ignore[arg-type]
        template_config=template_config(environment),
        request_class=ConsoleRequest,
        openapi_config=_openapi(),
        logging_config=None,
    )


def create_probes(services: Services) -> Litestar:
    """Return the probes alone, for a process that only answers the data path."""
    return Litestar(
        route_handlers=[Router(path="/", route_handlers=[*HEALTH])],
        state=State({"services": services}),
        dependencies={"services": Provide(provide_services, sync_to_thread=False)},
        guards=[require_declared],
        openapi_config=None,
        logging_config=None,
    )


def _pages() -> Router:
    return Router(
        path="/",
        route_handlers=PAGES,
        middleware=[DefineMiddleware(SessionAuthentication), DefineMiddleware(ShellReader)],
        guards=[require_csrf],
        dependencies={"work": Provide(provide_page_work, sync_to_thread=False)},
        include_in_schema=False,
    )


def _api() -> Router:
    return Router(
        path="/api/v1",
        route_handlers=API,
        middleware=[DefineMiddleware(BearerAuthentication)],
        dependencies={"work": Provide(provide_api_work, sync_to_thread=False)},
    )


def log_router(settings: Settings) -> Router:
    """Return the log as files: for who may read it, and its hashes for anybody where the settings say so."""
    is_open = settings.audit.public
    return Router(
        path="/log",
        route_handlers=OPEN_LOG if is_open else LOG,
        middleware=[] if is_open else [DefineMiddleware(BearerAuthentication)],
        dependencies={"work": Provide(provide_api_work, sync_to_thread=False)},
        include_in_schema=False,
    )


def _open() -> Router:
    return Router(path="/", route_handlers=OPEN_PAGES, include_in_schema=False)


def _static() -> Router:
    router = static_router()
    router.opt |= public("style sheets, scripts and icons hold nothing about anybody")
    return router


def _openapi() -> OpenAPIConfig:
    shapes = public("it describes the API's shapes, and nothing of anybody")
    return OpenAPIConfig(
        title="Guildhall",
        version="1",
        openapi_router=Router(path="/api", route_handlers=[], opt=shapes, include_in_schema=False),
        render_plugins=[JsonRenderPlugin(path="/openapi.json")],
    )


def provide_services(state: State) -> Services:
    """Give handlers the services of this process."""
    found: Services = state.services
    return found


def provide_page_work(request: Request[Any, Any, Any], services: NamedDependency[Services]) -> UnitOfWork:
    """Give a page its unit of work."""
    return UnitOfWork(services, request.user, origin_of(request, "page"))


def provide_api_work(request: Request[Any, Any, Any], services: NamedDependency[Services]) -> UnitOfWork:
    """Give an API call its unit of work."""
    return UnitOfWork(services, request.user, origin_of(request, "api"))
