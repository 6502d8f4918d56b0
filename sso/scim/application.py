"""The SCIM service without a place to keep anything: who comes in brings their own storage, or nobody does.

The library's own application accepts everybody. This one has no way in but its door: `check_auth` refuses,
`authorize` looks at what the caller was let do, and the storage it is built with refuses all.
"""

import logging
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Protocol, cast
from urllib.parse import parse_qsl

from scim2_models import (
    ForbiddenException,
    PayloadTooLargeException,
    Resource,
    ResourceType,
    SCIMException,
    ScimProvider,
    UnauthorizedException,
)
from scim2_server.applications.asgi import ASGIApplication
from scim2_server.handler import AsyncScimHandler
from scim2_server.requests import ScimRequest
from scim2_server.responses import ScimResponse
from scim2_server.routing import Operation, Target
from scim2_server.service import ScimService
from scim2_server.storage import AsyncScimStorage, SearchPage

from sso.scim.provider import MAX_BODY, make_provider

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

ROOT = "/scim"
WRITES = frozenset({Operation.create, Operation.replace, Operation.patch, Operation.delete, Operation.bulk})
HEADERS = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "sandbox; default-src 'none'",
}
logger = logging.getLogger("guildhall")


class Caller(Protocol):
    """Who was let in: whether to write, and the storage their requests are served from."""

    @property
    def may_write(self) -> bool:
        """Whether the request may change anything."""

    @property
    def storage(self) -> AsyncScimStorage:
        """What the request is served from."""


Admit = Callable[[Scope, ScimRequest, bool], Awaitable[Caller]]
"""Lets a request in by its headers, before its body is read; raises a `SCIMException` otherwise."""


class ScimUnavailableError(SCIMException):
    """Nothing was done, and it may be tried again."""

    status = 503
    _default_detail = "Nothing was changed. Try again in a moment."


class GuardedService(ScimService):
    """The protocol, in which nobody may do what the door did not let them do."""

    def authorize(self, request: ScimRequest, target: Target, resource_type: ResourceType) -> None:
        """Refuse a request without a caller, and a write of one who only reads."""
        caller = cast(Caller | None, request.subject)
        if caller is None:
            raise UnauthorizedException
        if target.operation in WRITES and not caller.may_write:
            raise ForbiddenException(detail=f"Writing {resource_type.name} is not allowed.")

    def max_body_size(self, request: ScimRequest) -> int | None:  # noqa: ARG002 - the same for each
        """Return the one limit for every request."""
        return MAX_BODY


class ClosedStorage(AsyncScimStorage):
    """Serves a request that came past the door: nothing."""

    async def get(self, *_: object, **__: object) -> Resource[Any]:
        """Refuse."""
        raise UnauthorizedException

    async def search(self, *_: object, **__: object) -> SearchPage:
        """Refuse."""
        raise UnauthorizedException

    async def create(self, *_: object, **__: object) -> Resource[Any]:
        """Refuse."""
        raise UnauthorizedException

    async def update(self, *_: object, **__: object) -> Resource[Any]:
        """Refuse."""
        raise UnauthorizedException

    async def delete(self, *_: object, **__: object) -> None:
        """Refuse."""
        raise UnauthorizedException


class ScimApplication(ASGIApplication):
    """Serves `/scim/v2` to whom `admit` lets in."""

    def __init__(self, admit: Admit, base_url: str, provider: ScimProvider | None = None) -> None:
        """Answer as `base_url` (of the console); Host and forwarding headers are not asked."""
        described = provider or make_provider()
        super().__init__(ClosedStorage(), described, GuardedService(described))
        self._admit = admit
        self._address = f"{base_url}{ROOT}/v2"

    def check_auth(self, request: ScimRequest) -> None:  # noqa: ARG002 - whatever it is
        """Refuse: the library's own way in is not ours."""
        raise UnauthorizedException

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # type: ignore[override]
        """Serve one request: the door first, the body after it."""
        request = self._head(scope)
        try:
            request.subject = await self._admit(scope, request, self._writes(request))
            request.body = await read_body(receive)
            handler = AsyncScimHandler(self.service, request.subject.storage)
            response = await handler.handle(request)
        except Exception as error:  # noqa: BLE001 - whatever goes wrong is answered as SCIM says
            response = self.handle_exception(request, error)
        response.headers |= HEADERS
        await self.send_response(response, send)

    def handle_exception(self, request: ScimRequest, exception: Exception) -> ScimResponse:
        """Answer an error; the log gets its kind only, since a message may repeat what was sent."""
        if not isinstance(exception, SCIMException):
            logger.error("a SCIM request failed: %s %s", request.method, type(exception).__name__)
        return self.service.error_response(exception)

    def _head(self, scope: Scope) -> ScimRequest:
        path = str(scope["path"])
        query = scope["query_string"].decode("ascii", "replace")
        return ScimRequest(
            method=scope["method"],
            base_url=self._address,
            path=path.removeprefix(f"{ROOT}/v2") if path.startswith(f"{ROOT}/v2/") else "/-/-/-",
            query=dict(parse_qsl(query, keep_blank_values=True)),
            headers=[(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]],
        )

    def _writes(self, request: ScimRequest) -> bool:
        try:
            return self.service.match(request).operation in WRITES
        except SCIMException:
            return False  # no such address: told to who may come in at all


async def read_body(receive: Receive) -> bytes:
    """Return a request's body.

    Raises:
        PayloadTooLargeException: it is longer than `MAX_BODY`; the rest is not read.
    """
    body, more = bytearray(), True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) > MAX_BODY:
            raise PayloadTooLargeException(detail=f"A request has at most {MAX_BODY} bytes.")
    return bytes(body)
