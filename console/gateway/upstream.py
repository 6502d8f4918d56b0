"""Calls a cluster over HTTP/1.1: an asyncio protocol on httptools with a keep-alive pool.

httpx in the path of a call costs thirty times as much processor time (docs/decisions/0007), so this speaks to
the socket. One request is in flight per connection; bodies are streamed with back-pressure.
Source: RFC 9112. Redirects are never followed and nothing is retried: a call may not be idempotent.
"""

import asyncio
import contextlib
import time
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Final

import httptools

Headers = Sequence[tuple[bytes, bytes]]
CONNECT_SECONDS: Final = 3.0
IDLE_SECONDS: Final = 3.0
"""A pooled connection older than this is not used again: servers close theirs after five seconds."""
BUFFER_BYTES: Final = 256 * 1024
HEAD_LIMIT: Final = 64 * 1024
FIRST_FINAL_STATUS: Final = 200


class UpstreamError(Exception):
    """The cluster did not answer as a server should; `reason` is a stable code."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Target:
    """Where a cluster listens."""

    host: str
    port: int


class Connection(asyncio.Protocol):
    """One connection to a cluster, used for one exchange at a time."""

    def __init__(self) -> None:
        self.idle_since = 0.0
        self._transport: asyncio.Transport | None = None
        self._parser: httptools.HttpResponseParser | None = None
        self._chunks: deque[bytes] = deque()
        self._buffered = 0
        self._wake = asyncio.Event()
        self._error: UpstreamError | None = None
        self._reset()

    def _reset(self) -> None:
        self.status = 0
        self.headers: list[tuple[bytes, bytes]] = []
        self.complete = False
        self.reusable = False
        self._head_done = False
        self._head_bytes = 0

    @property
    def usable(self) -> bool:
        """Whether another request may be sent on it."""
        transport = self._transport
        fresh = time.monotonic() - self.idle_since < IDLE_SECONDS
        return transport is not None and not transport.is_closing() and self._error is None and fresh

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport (asyncio.Protocol)."""
        if isinstance(transport, asyncio.Transport):
            self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio calls it so
        """Wake whoever waits; an answer without a length ends here (asyncio.Protocol)."""
        if not self.complete:
            self._fail("upstream_closed")
        self._wake.set()

    def data_received(self, data: bytes) -> None:
        """Feed the parser (asyncio.Protocol)."""
        if self._parser is None or self.complete:
            self.abort()
            return
        if not self._head_done:
            self._head_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._fail("upstream_malformed")
        if not self._head_done and self._head_bytes > HEAD_LIMIT:
            self._fail("upstream_malformed")

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep one header (httptools)."""
        self.headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        """Note the status; interim answers (RFC 9110 section 15.2) are skipped."""
        if self._parser is None:
            return
        status = self._parser.get_status_code()
        if status < FIRST_FINAL_STATUS:
            self.headers.clear()
            return
        self.status, self._head_done = status, True
        self._wake.set()

    def on_body(self, body: bytes) -> None:
        """Keep a piece of the body, and stop reading when too much waits (httptools)."""
        self._chunks.append(body)
        self._buffered += len(body)
        if self._buffered > BUFFER_BYTES and self._transport is not None:
            self._transport.pause_reading()
        self._wake.set()

    def on_message_complete(self) -> None:
        """Note the end of the answer (httptools)."""
        if not self._head_done or self._parser is None:
            return
        self.complete, self.reusable = True, self._parser.should_keep_alive()
        self._wake.set()

    def send(self, request: bytes) -> None:
        """Write one whole request and expect one answer."""
        self._reset()
        self._parser = httptools.HttpResponseParser(self)
        if self._transport is None:
            raise UpstreamError("upstream_closed")
        self._transport.write(request)

    async def head(self) -> None:
        """Wait until status and headers are there."""
        while not self._head_done:
            await self._next()

    async def body(self) -> AsyncIterator[bytes]:
        """Yield the body piece by piece as it arrives.

        Raises:
            UpstreamError: the answer ended before it was whole.
        """
        while True:
            while self._chunks:
                chunk = self._chunks.popleft()
                self._buffered -= len(chunk)
                yield chunk
            if self.complete:
                return
            if self._transport is not None and not self._transport.is_closing():
                self._transport.resume_reading()
            await self._next()

    async def _next(self) -> None:
        self._raise_failure()
        self._wake.clear()
        await self._wake.wait()
        if not self._chunks:
            self._raise_failure()

    def _raise_failure(self) -> None:
        if self._error is not None:
            raise self._error

    def _fail(self, reason: str) -> None:
        self._error = self._error or UpstreamError(reason)
        self.abort()
        self._wake.set()

    def abort(self) -> None:
        """Close at once; the connection is not used again."""
        self.reusable = False
        if self._transport is not None:
            self._transport.abort()


class Pool:
    """Keep-alive connections by target; belongs to one event loop."""

    def __init__(self, timeout: float) -> None:
        """Give up on an answer's head, and on each further piece, after `timeout` seconds."""
        self._timeout = timeout
        self._idle: defaultdict[Target, list[Connection]] = defaultdict(list)

    @contextlib.asynccontextmanager
    async def exchange(self, target: Target, request: bytes) -> AsyncIterator[Connection]:
        """Send `request` and yield the connection once the answer's head is there.

        Raises:
            UpstreamError: unreachable, timeout, closed or malformed, each as `upstream_…`.
        """
        connection = await self._connection(target)
        try:
            connection.send(request)
            async with asyncio.timeout(self._timeout):
                await connection.head()
            yield connection
        except TimeoutError:
            raise UpstreamError("upstream_timeout") from None
        finally:
            self._give_back(target, connection)

    async def pieces(self, connection: Connection) -> AsyncIterator[bytes]:
        """Yield the answer's body; each piece must come within the timeout."""
        source = connection.body()
        while True:
            try:
                async with asyncio.timeout(self._timeout):
                    piece = await anext(source, None)
            except TimeoutError:
                raise UpstreamError("upstream_timeout") from None
            if piece is None:
                return
            yield piece

    async def close(self) -> None:
        """Close every idle connection."""
        for connections in self._idle.values():
            for connection in connections:
                connection.abort()
        self._idle.clear()

    async def _connection(self, target: Target) -> Connection:
        idle = self._idle[target]
        while idle:
            if (kept := idle.pop()).usable:
                return kept
            kept.abort()
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                _, made = await loop.create_connection(Connection, target.host, target.port)
        except (OSError, TimeoutError):
            raise UpstreamError("upstream_unreachable") from None
        return made

    def _give_back(self, target: Target, connection: Connection) -> None:
        if connection.complete and connection.reusable:
            connection.idle_since = time.monotonic()
            self._idle[target].append(connection)
        else:
            connection.abort()


def encode_request(method: str, path: str, host: Target, headers: Headers, body: bytes) -> bytes:
    """Return the bytes of one HTTP/1.1 request; header values come from our allow-list only."""
    lines = [f"{method} {path} HTTP/1.1\r\nHost: {_authority(host)}\r\n".encode("ascii")]
    lines += [name + b": " + value + b"\r\n" for name, value in headers]
    if body or method == "POST":
        lines.append(b"Content-Length: %d\r\n" % len(body))
    return b"".join((*lines, b"\r\n", body))


def _authority(target: Target) -> str:
    host = f"[{target.host}]" if ":" in target.host else target.host
    return f"{host}:{target.port}"
