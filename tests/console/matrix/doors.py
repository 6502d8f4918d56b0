"""Every door of the product: the routes of the console, the governed operations, the directory's doors."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from litestar import Litestar
from pydantic import BaseModel
from scim2_server.routing import ROUTES

from console.gateway.table import GOVERNED, OPEN
from sso.scim.provider import make_provider

LAST: Final = ("/withdraw", "/rotate", "/disable", "/sessions", "/sign-out")
"""What takes from the others of the same round what they need comes last, in this order."""


@dataclass(frozen=True)
class Door:
    """One method at one address; `body` is the model a program has to send."""

    method: str
    path: str
    body: type[BaseModel] | None = None

    @property
    def name(self) -> str:
        """How the table names it."""
        return f"{self.method} {self.path}"

    @property
    def is_page(self) -> bool:
        """Whether a browser's cookie is what counts here."""
        return not self.path.startswith(("/api/", "/log/", "/v2/", "/scim/"))


def doors_of(app: Litestar) -> list[Door]:
    """Return every door; readers come before writers, and what ends a sign-in comes last."""
    found = {door.name: door for door in (*_console(app), *_governed(), *_scim())}
    return sorted(found.values(), key=_turn)


def _turn(door: Door) -> tuple[int, str, str]:
    ends = max((place for place, word in enumerate(LAST, 2) if word in door.path), default=1)
    return (0 if door.method == "GET" else ends, door.path, door.method)


def _console(app: Litestar) -> Iterator[Door]:
    for route in app.routes:
        for handler in getattr(route, "route_handlers", ()):
            for method in handler.http_methods - {"HEAD", "OPTIONS"}:
                yield Door(str(method), route.path, _model(handler))


def _model(handler: Any) -> type[BaseModel] | None:
    data = handler.parsed_fn_signature.parameters.get("data")
    wanted = data.annotation if data is not None else None
    return wanted if isinstance(wanted, type) and issubclass(wanted, BaseModel) else None


def _governed() -> Iterator[Door]:
    yield from (Door("GET", path) for path in OPEN)
    tails = {"v2.infer": "/infer", "v2.ready": "/ready", "v2.metadata": ""}
    for operation in GOVERNED:
        yield Door(operation.method, f"/v2/models/{{name:str}}{tails[operation.name]}")


def _scim() -> Iterator[Door]:
    # The library's routes name whatever is kept by one word (RFC 7644 section 3.2).
    kept = [str(kind.endpoint) for kind in make_provider().resource_types]
    for route in ROUTES:
        path = f"/scim/v2{route.pattern.replace('{resource_id}', '{scim_id:uuid}')}"
        for endpoint in kept:
            yield Door(route.method, path.replace("/{endpoint}", endpoint))
