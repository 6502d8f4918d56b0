"""No door without a sign: every route, operation and mount declares its permission, or why it has none."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from litestar import Litestar
from litestar.handlers import HTTPRouteHandler

from console.app import create_app
from console.declared import PERMISSION, PUBLIC
from console.gateway.table import GOVERNED, OPEN
from console.serve import build_asgi
from console.services import Services, build
from console.settings import load_settings
from policy.permissions import Permission


@pytest.fixture
def services(tmp_path: Path) -> Services:
    return build(load_settings(data=tmp_path))


def handlers(app: Litestar) -> Iterator[tuple[str, HTTPRouteHandler]]:
    for route in app.routes:
        for handler in getattr(route, "route_handlers", ()):
            yield route.path, handler


def test_every_route_of_the_console_declares_a_permission_or_why_it_needs_none(services: Services) -> None:
    found = list(handlers(create_app(services)))
    assert len(found) > 20
    silent = [path for path, handler in found if not _declares(handler)]
    assert silent == []


def _declares(handler: HTTPRouteHandler) -> bool:
    if handler.http_methods == {"OPTIONS"}:  # the framework's own: it names methods, and the guard refuses it
        return True
    if PERMISSION in handler.opt:
        return isinstance(handler.opt[PERMISSION], Permission)
    return len(str(handler.opt.get(PUBLIC, ""))) > 10


def test_every_governed_operation_names_a_permission() -> None:
    assert all(isinstance(operation.permission, Permission) for operation in GOVERNED)
    assert all(len(reason) > 10 for reason in OPEN.values())


def test_every_mount_says_how_it_is_guarded(services: Services) -> None:
    mounts = build_asgi(services, "all").mounts
    assert set(mounts) == {"v2", "scim", "dev-idp"}
    assert all(len(mount.declared) > 10 for mount in mounts.values())
