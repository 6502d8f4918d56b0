"""The front door: sends each request to the console, the gateway or a mount by its first path segment.

The gateway is a bare ASGI callable beside Litestar, not inside it: routing there costs a third of this.
Lifespan goes to Litestar; the gateway starts before it says so, and stops before it says that it stopped.
"""

from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import urlsplit

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]


class Lifecycle(Protocol):
    """A part that opens files or processes when the server starts."""

    async def start(self) -> None:
        """Open what requests need."""

    async def stop(self) -> None:
        """Close it again."""


@dataclass(frozen=True, slots=True)
class Mount:
    """An application beside the console; `declared` says by which permissions it is guarded, or why none."""

    app: ASGIApp
    declared: str


class Dispatcher:
    """One ASGI application made of several, told apart by the first path segment."""

    def __init__(self, default: ASGIApp, mounts: Mapping[str, Mount], parts: tuple[Lifecycle, ...]) -> None:
        """Serve `mounts` by first segment and `default` for the rest; `parts` start and stop with it."""
        self._default = default
        self._mounts = dict(mounts)
        self._parts = parts

    @property
    def mounts(self) -> Mapping[str, Mount]:
        """The mounted applications by first path segment; a test checks that each declares permissions."""
        return dict(self._mounts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] == "lifespan":
            await self._default(scope, self._starting(receive), self._stopping(send))
            return
        segment = str(scope["path"]).split("/", 2)[1] if str(scope["path"]).startswith("/") else ""
        if scope["type"] != "http":
            await send({"type": "websocket.close"})
            return
        mount = self._mounts.get(segment)
        await (mount.app if mount else self._default)(scope, receive, send)

    def _starting(self, receive: Receive) -> Receive:
        async def wrapped() -> Message:
            message = await receive()
            if message["type"] == "lifespan.startup":
                for part in self._parts:
                    await part.start()
            return message

        return wrapped

    def _stopping(self, send: Send) -> Send:
        async def wrapped(message: Message) -> None:
            if message["type"].startswith("lifespan.shutdown"):
                for part in reversed(self._parts):
                    await part.stop()
            await send(message)

        return wrapped


class KnownHosts:
    """Refuses a Host that is not this machine's own: a foreign name on loopback is DNS rebinding."""

    def __init__(self, app: ASGIApp, *addresses: str) -> None:
        """Let `app` answer at `addresses` (`http://host:port`) only."""
        self._app = app
        self._known = frozenset(host for address in addresses for host in _hosts(address))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection, or answer 421 (RFC 9110 section 15.5.20) to another or a doubtful name."""
        if scope["type"] == "lifespan" or self._is_known(scope):
            await self._app(scope, receive, send)
            return
        if scope["type"] == "websocket":
            await send({"type": "websocket.close"})
            return
        head = [(b"content-type", b"text/plain; charset=utf-8")]
        await send({"type": "http.response.start", "status": 421, "headers": head})
        await send({"type": "http.response.body", "body": b"This name is not served here.\n"})

    def _is_known(self, scope: Scope) -> bool:
        # Two Host headers are none: the parts behind this door might each believe another one.
        named = [bytes(value) for name, value in scope["headers"] if bytes(name).lower() == b"host"]
        return len(named) == 1 and named[0].lower() in self._known


def _hosts(address: str) -> tuple[bytes, ...]:
    parts = urlsplit(address)
    host = parts.netloc.lower()
    # Clients leave the port out where the scheme implies it (RFC 9110 section 4.2.3).
    implied = {"http": ":80", "https": ":443"}[parts.scheme]
    return tuple(name.encode() for name in {host, host.removesuffix(implied)})
