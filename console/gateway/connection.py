"""One connection to a cluster: an asyncio protocol on httptools, used for one exchange at a time.

A cluster is not trusted: every byte it sends out of turn, or more of a head than anybody needs, ends the
connection. Bodies are handed on as they arrive, with back-pressure. Source: RFC 9112.
"""

import asyncio
import time
from collections import deque
from typing import Final, cast

import httptools

IDLE_SECONDS: Final = 3.0
"""A kept connection older than this is not used again: servers close theirs after five seconds."""
BUFFER_BYTES: Final = 256 * 1024
HEAD_LIMIT: Final = 64 * 1024
"""As many bytes may come in a row without any of the body: heads, interim answers, trailers."""
STATUSES: Final = range(200, 600)
FIRST_FINAL: Final = 200


class UpstreamError(Exception):
    """The cluster did not answer as a server should; `reason` is a stable code."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Connection(asyncio.Protocol):
    """One connection to a cluster."""

    def __init__(self) -> None:
        self.idle_since = 0.0
        self._transport: asyncio.Transport | None = None
        self._parser: httptools.HttpResponseParser | None = None
        self._wake = asyncio.Event()
        self._error: UpstreamError | None = None
        self._paused = False
        self._reset()

    def _reset(self) -> None:
        self.status = 0
        self.headers: dict[bytes, bytes] = {}
        self.complete = False
        self._keep_alive = False
        self._head_done = False
        self._bodiless = 0
        self._chunks: deque[bytes] = deque()
        self._buffered = 0

    @property
    def open(self) -> bool:
        """Whether nothing has gone wrong with it."""
        transport = self._transport
        return transport is not None and not transport.is_closing() and self._error is None

    @property
    def reusable(self) -> bool:
        """Whether the answer is whole and taken, so that another request may follow."""
        return self.open and self.complete and self._keep_alive and not self._chunks

    @property
    def fresh(self) -> bool:
        """Whether a kept connection is still likely to be open at the other end."""
        return self.open and time.monotonic() - self.idle_since < IDLE_SECONDS

    @property
    def peer(self) -> str:
        """The address at the other end."""
        name = self._transport.get_extra_info("peername") if self._transport else None
        return str(name[0]) if name else ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport (asyncio.Protocol)."""
        # Not asked for its class: libuv's loop makes transports that are none of asyncio's.
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """Wake whoever waits (asyncio.Protocol). An answer without a length ends here (RFC 9112 6.3)."""
        framed = b"content-length" in self.headers or b"transfer-encoding" in self.headers
        if self._head_done and not framed and exc is None and self._error is None:
            self.complete = True
        if not self.complete:
            self._fail("upstream_closed")
        self._wake.set()

    def data_received(self, data: bytes) -> None:
        """Feed the parser (asyncio.Protocol)."""
        if self._parser is None or self.complete:
            self._fail("upstream_malformed")
            return
        self._bodiless += len(data)
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._fail("upstream_malformed")
        if self._bodiless > HEAD_LIMIT and not self.complete:
            self._fail("upstream_malformed")

    def on_message_begin(self) -> None:
        """Refuse a second answer to one request (httptools); the first stands."""
        if self.complete:
            raise UpstreamError("upstream_malformed")

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep one header, but no trailer (httptools)."""
        if not self._head_done:
            self.headers[name.lower()] = value

    def on_headers_complete(self) -> None:
        """Note the status; interim answers (RFC 9110 section 15.2) are skipped (httptools)."""
        status = self._parser.get_status_code() if self._parser else 0
        if status < FIRST_FINAL:
            self.headers.clear()
            return
        if status not in STATUSES:
            raise UpstreamError("upstream_malformed")
        self.status, self._head_done = status, True
        self._wake.set()

    def on_body(self, body: bytes) -> None:
        """Keep a piece of the body, and stop reading when too much waits (httptools)."""
        self._bodiless = 0
        self._chunks.append(body)
        self._buffered += len(body)
        if self._buffered > BUFFER_BYTES and not self._paused and self._transport is not None:
            self._transport.pause_reading()
            self._paused = True
        self._wake.set()

    def on_message_complete(self) -> None:
        """Note the end of the answer (httptools)."""
        if self._head_done and self._parser is not None:
            self.complete, self._keep_alive = True, self._parser.should_keep_alive()
            self._wake.set()

    def send(self, request: bytes) -> None:
        """Write one whole request and expect one answer."""
        if self._transport is None or not self.open:
            raise UpstreamError("upstream_closed")
        self._reset()
        self._parser = httptools.HttpResponseParser(self)
        self._resume()
        self._transport.write(request)

    async def head(self) -> None:
        """Wait until status and headers are there.

        Raises:
            UpstreamError: they did not come.
        """
        while not self._head_done:
            await self._next()

    async def piece(self) -> bytes | None:
        """Return what has arrived of the body, once some has; None at its end.

        Raises:
            UpstreamError: the answer ended before it was whole.
        """
        while not self._chunks:
            if self.complete:
                return None
            self._resume()
            await self._next()
        taken = self._chunks[0] if len(self._chunks) == 1 else b"".join(self._chunks)
        self._chunks.clear()
        self._buffered = 0
        return taken

    def abort(self) -> None:
        """Close at once; the connection is not used again."""
        if self._transport is not None:
            self._transport.abort()

    async def _next(self) -> None:
        if self._error is not None:
            raise self._error
        self._wake.clear()
        await self._wake.wait()

    def _resume(self) -> None:
        if self._paused and self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()
            self._paused = False

    def _fail(self, reason: str) -> None:
        self._error = self._error or UpstreamError(reason)
        self.abort()
        self._wake.set()
