"""The request as htmx 4 describes it (https://htmx.org/reference/#request_headers)."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from litestar import Request
from litestar.connection.base import empty_receive, empty_send
from litestar.datastructures import Headers
from litestar.types import Receive, Scope, Send


@dataclass(frozen=True, slots=True)
class Htmx:
    """What htmx says of the request it makes.

    ``source`` and ``target`` are ids of elements; None when the element has none. htmx sends them as
    ``tag#id``, and a hostile client sends anything: use them only to choose among known answers.
    """

    request: bool
    partial: bool
    source: str | None
    target: str | None
    current_url: str | None
    restoring_history: bool

    def __bool__(self) -> bool:
        return self.request


def element_id(value: str | None) -> str | None:
    """Return the id in ``tag#id``, or None when there is none."""
    return unquote(value.partition("#")[2]) or None if value else None


def read_htmx(headers: Headers) -> Htmx:
    """Read the headers that htmx 4 sends; without ``HX-Request`` nothing else is believed."""
    asked = headers.get("hx-request") == "true"
    restoring = asked and headers.get("hx-history-restore-request") == "true"
    return Htmx(
        request=asked,
        partial=asked and not restoring and headers.get("hx-request-type") != "full",
        source=element_id(headers.get("hx-source")) if asked else None,
        target=element_id(headers.get("hx-target")) if asked else None,
        current_url=headers.get("hx-current-url") if asked else None,
        restoring_history=restoring,
    )


class ConsoleRequest(Request[Any, Any, Any]):
    """The request class of pages: ``request.htmx`` besides all that Litestar offers."""

    __slots__ = ("htmx",)

    def __init__(self, scope: Scope, receive: Receive = empty_receive, send: Send = empty_send) -> None:
        super().__init__(scope, receive, send)
        self.htmx = read_htmx(self.headers)
