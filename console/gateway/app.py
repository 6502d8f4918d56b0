"""The gateway's door: who calls, and which operation of which protocol they ask for."""

from collections.abc import Mapping
from typing import Final

from console.asgi import Receive, Scope, Send
from console.errors import NotSignedInError
from console.gateway.answers import Refusal, send_json, send_refusal
from console.gateway.call import Call
from console.gateway.recorder import Recorder
from console.gateway.routing import Caller
from console.gateway.table import OPEN, match
from console.gateway.upstream import Pool
from console.questions import Origin
from console.security import bearer_principal
from console.services import Services

DESCRIPTION: Final = b'{"name":"guildhall","version":"1","extensions":[]}'


class Gateway:
    """A bare ASGI callable for every governed path; starts and stops with its server."""

    def __init__(self, services: Services) -> None:
        """Serve on `services`; nothing is opened before `start`."""
        self._services = services
        self._pool = Pool(services.settings.gateway.upstream_timeout_seconds)
        self._recorder: Recorder | None = None

    async def start(self) -> None:
        """Open this process's spool."""
        self._recorder = Recorder(self._services)

    async def stop(self) -> None:
        """Close connections, then make the spool durable."""
        await self._pool.close()
        if self._recorder is not None:
            await self._recorder.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        headers = _headers(scope)
        if scope["method"] == "GET" and scope["path"] in OPEN:
            await self._answer_open(str(scope["path"]), send)
            return
        try:
            principal = await bearer_principal(
                self._services, headers.get(b"authorization", b"").decode("latin-1")
            )
        except NotSignedInError as error:
            challenge = ((b"www-authenticate", b"Bearer"),)
            await send_refusal(send, Refusal(401, error.reasons, headers=challenge))
            return
        found = match(scope["method"], _path(scope))
        if found is None:
            await send_refusal(send, Refusal(404, ("unknown_path",)))
            return
        call = Call(
            self._services, self._pool, self._recorder, Caller(principal, _origin(scope, headers)), found
        )
        await call.serve(headers, receive, send)

    async def _answer_open(self, path: str, send: Send) -> None:
        if path == "/v2":
            await send_json(send, 200, DESCRIPTION)
            return
        able = self._recorder is not None and self._recorder.broken is None
        state = (
            b'{"live":true}' if path.endswith("live") else b'{"ready":%s}' % (b"true" if able else b"false")
        )
        await send_json(send, 200 if able or path.endswith("live") else 503, state)


def _headers(scope: Scope) -> dict[bytes, bytes]:
    return {bytes(name).lower(): bytes(value) for name, value in scope["headers"]}


def _path(scope: Scope) -> str:
    # The raw path: a percent-encoded slash or dot must not be taken for structure.
    raw = scope.get("raw_path") or str(scope["path"]).encode()
    return bytes(raw).partition(b"?")[0].decode("latin-1")


def _origin(scope: Scope, headers: Mapping[bytes, bytes]) -> Origin:
    client = scope.get("client")
    agent = headers.get(b"user-agent", b"").decode("latin-1")[:200]
    return Origin("gateway", client[0] if client else None, agent or None)
