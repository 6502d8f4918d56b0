"""A serving cluster that answers whatever a test tells it to, byte for byte, and remembers what it saw."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Self


@dataclass(frozen=True)
class Seen:
    """One request as it arrived."""

    line: str
    headers: dict[str, str]
    body: bytes


Behaviour = Callable[[Seen, asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class ScriptedCluster:
    """Listens on loopback; `behave` writes each answer and returns when it is done with the request."""

    behave: Behaviour
    port: int = 0
    requests: list[Seen] = field(default_factory=list)
    connections: int = 0
    left: asyncio.Event = field(default_factory=asyncio.Event)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @classmethod
    @asynccontextmanager
    async def open(cls) -> AsyncIterator[Self]:
        cluster = cls(answering(b'{"outputs":[]}'))
        server = await asyncio.start_server(cluster._serve, "127.0.0.1", 0)
        cluster.port = server.sockets[0].getsockname()[1]
        try:
            yield cluster
        finally:
            server.close()
            for task in cluster._tasks:
                task.cancel()
            await asyncio.gather(*cluster._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.connections += 1
        try:
            while not writer.is_closing():
                seen = await _read(reader)
                self.requests.append(seen)
                await self.behave(seen, reader, writer)
                await writer.drain()
        except (asyncio.CancelledError, asyncio.IncompleteReadError, ConnectionError):
            self.left.set()  # cancelled: the test is over
        except RuntimeError:
            if not writer.is_closing():
                raise
            self.left.set()  # libuv's loop says it so when the other end has gone
        finally:
            writer.close()
            self._tasks.discard(task)


async def _read(reader: asyncio.StreamReader) -> Seen:
    line, *fields = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").strip().split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (one.partition(":") for one in fields)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Seen(line, headers, body)


def raw(answer: bytes, *, close: bool = False) -> Behaviour:
    """Write exactly these bytes."""

    async def behave(_seen: Seen, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answer)
        if close:
            await writer.drain()
            writer.close()

    return behave


def answering(body: bytes, *lines: str, status: str = "200 OK") -> Behaviour:
    """Answer well-formed, with these header lines (JSON when there are none)."""
    fields = lines or ("Content-Type: application/json",)
    head = "\r\n".join([f"HTTP/1.1 {status}", *fields, f"Content-Length: {len(body)}", "", ""])
    return raw(head.encode("latin-1") + body)


def silent() -> Behaviour:
    """Take the request and say nothing, until the other side leaves."""

    async def behave(_seen: Seen, reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(1)

    return behave


def endless(piece: bytes) -> Behaviour:
    """Answer without an end, as fast as it is read."""

    async def behave(_seen: Seen, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            writer.write(b"%x\r\n%b\r\n" % (len(piece), piece))
            await writer.drain()

    return behave


def dripping(piece: bytes) -> Behaviour:
    """Answer without an end, slowly, as a model does that writes a text."""

    async def behave(_seen: Seen, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            writer.write(b"%x\r\n%b\r\n" % (len(piece), piece))
            await writer.drain()
            await asyncio.sleep(0.02)

    return behave
