"""Calls a cluster over HTTP/1.1 on kept connections.

httpx in the path of a call costs thirty times as much processor time (docs/decisions/0007), so this speaks to
the socket. Redirects are never followed and nothing is retried: a call may not be idempotent.
"""

import asyncio
import contextlib
import ssl
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Final

from console.catalog.addresses import ClusterAddress, check_address
from console.errors import InvalidInputError
from console.gateway.connection import Connection, UpstreamError
from console.settings import Settings

Headers = Sequence[tuple[bytes, bytes]]
CONNECT_SECONDS: Final = 3.0
ANSWER_SECONDS: Final = 600.0
"""No answer takes longer, however steadily it drips."""
TIMED_OUT: Final = "upstream_timeout"


@dataclass(frozen=True, slots=True)
class Target:
    """Where a cluster answers; `base` is the path before the protocol's own."""

    host: str
    port: int
    tls: bool = False
    base: str = ""

    @property
    def authority(self) -> str:
        """Host and port as RFC 3986 writes them."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def url(self) -> str:
        """The cluster's base URL."""
        return f"{'https' if self.tls else 'http'}://{self.authority}{self.base}"


class Pool:
    """Kept connections by target; belongs to one event loop."""

    def __init__(self, settings: Settings, longest: float = ANSWER_SECONDS) -> None:
        """Connect only where `settings` allow clusters to be.

        Give up on an answer's head, and on each further piece, after the settings' timeout, and on a whole
        answer after `longest` seconds.
        """
        self._settings = settings
        self._timeout = settings.gateway.upstream_timeout_seconds
        self._longest = longest
        self._kept: defaultdict[Target, list[Connection]] = defaultdict(list)
        self._tls: ssl.SSLContext | None = None

    @contextlib.asynccontextmanager
    async def exchange(self, target: Target, request: bytes) -> AsyncIterator[Connection]:
        """Send `request` and yield the connection once the answer's head is there.

        Raises:
            UpstreamError: forbidden, unreachable, timeout, closed or malformed, each as `upstream_…`.
        """
        connection = self._take(target) or await self._connect(target)
        try:
            connection.send(request)
            await self._head(connection)
            yield connection
        finally:
            self._give_back(target, connection)

    async def pieces(self, connection: Connection) -> AsyncIterator[bytes]:
        """Yield the answer's body as it arrives.

        Raises:
            UpstreamError: it ended early, or took too long.
        """
        end = time.monotonic() + self._longest
        while True:
            if (left := end - time.monotonic()) <= 0:
                raise UpstreamError(TIMED_OUT)
            try:
                async with asyncio.timeout(min(self._timeout, left)):
                    piece = await connection.piece()
            except TimeoutError:
                raise UpstreamError(TIMED_OUT) from None
            if piece is None:
                return
            yield piece

    async def close(self) -> None:
        """Close every kept connection."""
        for connections in self._kept.values():
            for connection in connections:
                connection.abort()
        self._kept.clear()

    async def _head(self, connection: Connection) -> None:
        try:
            async with asyncio.timeout(self._timeout):
                await connection.head()
        except TimeoutError:
            raise UpstreamError(TIMED_OUT) from None

    def _take(self, target: Target) -> Connection | None:
        kept = self._kept[target]
        while kept:
            if (connection := kept.pop()).fresh:
                return connection
            connection.abort()
        return None

    async def _connect(self, target: Target) -> Connection:
        loop, allowed = asyncio.get_running_loop(), await self._allowed(target)
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                tls = self._context() if target.tls else None
                _, made = await loop.create_connection(Connection, target.host, target.port, ssl=tls)
        except (OSError, TimeoutError):
            raise UpstreamError("upstream_unreachable") from None
        # Asked of the socket too: a name may lead elsewhere now than a moment ago.
        if allowed.reaches_us((made.peer, target.port)):
            made.abort()
            raise UpstreamError("upstream_forbidden")
        return made

    async def _allowed(self, target: Target) -> ClusterAddress:
        try:
            return await check_address(target.url, self._settings)
        except InvalidInputError:
            raise UpstreamError("upstream_forbidden") from None

    def _context(self) -> ssl.SSLContext:
        if self._tls is None:
            self._tls = ssl.create_default_context()
        return self._tls

    def _give_back(self, target: Target, connection: Connection) -> None:
        if connection.reusable:
            connection.idle_since = time.monotonic()
            self._kept[target].append(connection)
        else:
            connection.abort()


def encode_request(method: str, path: str, target: Target, headers: Headers, body: bytes) -> bytes:
    """Return the bytes of one HTTP/1.1 request; header values come from our allow-list only."""
    line = f"{method} {target.base}{path} HTTP/1.1\r\nHost: {target.authority}\r\n".encode("ascii")
    lines = [line, *(name + b": " + value + b"\r\n" for name, value in headers)]
    if body or method == "POST":
        lines.append(b"Content-Length: %d\r\n" % len(body))
    return b"".join((*lines, b"\r\n", body))
