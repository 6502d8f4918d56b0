"""A serving cluster on loopback that answers V2 as it is told to, or misbehaves byte for byte."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

INDEX = "POST /v2/repository/index"
TENSOR = {"name": "x", "datatype": "FP64", "shape": [-1, 4]}
METADATA = {"platform": "sklearn", "inputs": [TENSOR], "outputs": [{**TENSOR, "name": "y"}]}

Behaviour = Callable[[asyncio.StreamWriter], Awaitable[None]]


@dataclass
class V2Cluster:
    """Serves `models`; what `instead` holds for a request line or any path's end comes first."""

    port: int = 0
    models: dict[tuple[str, str], Any] = field(default_factory=dict)
    not_ready: set[tuple[str, str]] = field(default_factory=set)
    index: Any = None
    instead: dict[str, Behaviour] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    heads: list[str] = field(default_factory=list)
    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def serve(self, *keys: tuple[str, str]) -> None:
        self.models = dict.fromkeys(keys, METADATA)

    def answer(self, line: str) -> tuple[int, Any]:
        listed = [{"name": name, "version": version, "state": "READY"} for name, version in self.models]
        if line == INDEX:
            return 200, listed if self.index is None else self.index
        for (name, version), metadata in self.models.items():
            path = f"GET /v2/models/{name}" + (f"/versions/{version}" if version else "")
            if unquote(line) == path:
                return 200, metadata
            if unquote(line) == f"{path}/ready":
                return (400 if (name, version) in self.not_ready else 200), None
        return 404, {"error": "no such model"}

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.tasks.add(task)
        try:
            while True:
                await self._one(reader, writer)
        except (asyncio.CancelledError, asyncio.IncompleteReadError, ConnectionError):
            pass  # cancelled: the test is over
        finally:
            self.tasks.discard(task)
            writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        length = [line for line in head.split("\r\n") if line.lower().startswith("content-length:")]
        await reader.readexactly(int(length[0].partition(":")[2]) if length else 0)
        line = head.split(" HTTP/1.1")[0]
        self.asked.append(line)
        self.heads.append(head)
        self.arrived.set()
        behaviour = self.instead.get(line)
        if behaviour is not None:
            await behaviour(writer)
            return
        status, found = self.answer(line)
        body = b"" if found is None else json.dumps(found).encode()
        writer.write(b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n%b" % (status, len(body), body))
        await writer.drain()


def raw(answer: bytes) -> Behaviour:
    """Write exactly these bytes and close."""

    async def behave(writer: asyncio.StreamWriter) -> None:
        writer.write(answer)
        await writer.drain()
        writer.close()

    return behave


def answering(status: int, body: bytes, *lines: str) -> Behaviour:
    """Answer well-formed, with these header lines."""
    head = "\r\n".join([f"HTTP/1.1 {status} X", *lines, f"Content-Length: {len(body)}", "", ""])
    return raw(head.encode("latin-1") + body)


def endless(piece: bytes, *, pause: float = 0.0) -> Behaviour:
    """Answer without an end; with a pause after each piece."""

    async def behave(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while not writer.is_closing():
            writer.write(b"%x\r\n%b\r\n" % (len(piece), piece))
            await writer.drain()
            await asyncio.sleep(pause)

    return behave


async def silent(_writer: asyncio.StreamWriter) -> None:
    """Take the request and never answer."""
    await asyncio.Event().wait()


@asynccontextmanager
async def open_cluster() -> AsyncIterator[V2Cluster]:
    cluster = V2Cluster()
    server = await asyncio.start_server(cluster.handle, "127.0.0.1", 0)
    cluster.port = server.sockets[0].getsockname()[1]
    try:
        yield cluster
    finally:
        server.close()
        for task in list(cluster.tasks):
            task.cancel()
        await asyncio.gather(*cluster.tasks, return_exceptions=True)
