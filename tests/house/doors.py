"""Every door of the assembled product: the routes of the console and the operations of the gateway."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from litestar import Litestar
from litestar.handlers import HTTPRouteHandler

from console.gateway.table import GOVERNED, OPEN

PLACES: Final = {
    "uuid": "00000000-0000-7000-8000-000000000000",
    "what:str": "retention",
    "address:path": "x001",
    "kind:str": "team",
}


@dataclass(frozen=True, slots=True, order=True)
class Door:
    """A method on a path; `path` keeps the names of its places."""

    path: str
    method: str

    def __str__(self) -> str:
        """The name of its row in the table."""
        return f"{self.method} {self.path}"

    @property
    def address(self) -> str:
        """An address that leads to it: every id is nobody's, every name is that of team risk or its route."""
        steps = []
        for step in self.path.split("/"):
            place = step.strip("{}")
            known = PLACES["uuid"] if place.endswith(":uuid") else PLACES.get(place, self._named())
            steps.append(known if step.startswith("{") else step)
        return "/".join(steps)

    def _named(self) -> str:
        of_a_route = any(step in {"models", "routes"} for step in self.path.split("/"))
        return "risk.credit-default" if of_a_route else "risk"


def doors_of(app: Litestar) -> list[Door]:
    """Return every door, sorted."""
    return sorted({*_routes(app), *_governed()})


def _routes(app: Litestar) -> Iterator[Door]:
    for route in app.routes:
        for handler in getattr(route, "route_handlers", ()):
            if isinstance(handler, HTTPRouteHandler):
                yield from (
                    Door(route.path, method) for method in handler.http_methods if method != "OPTIONS"
                )


def _governed() -> Iterator[Door]:
    yield from (Door(path, "GET") for path in OPEN)
    for operation in GOVERNED:
        yield Door(f"/v2/models/{{model:str}}{operation.suffix}", operation.method)
