"""A Guildhall that answers what it is told to, and remembers what it was asked."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True)
class Asked:
    """A request as it arrived."""

    method: str
    path: str
    query: Mapping[str, str]
    token: str
    body: Any


@dataclass(frozen=True)
class Told:
    """An answer: `body` goes as JSON."""

    body: Any
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


class ToldServer(ThreadingHTTPServer):
    """Answers `METHOD path` with what `answers` holds, several in order when there is a list; else 404."""

    def __init__(self, answers: Mapping[str, Told | list[Told]]) -> None:
        self.answers = {
            name: list(told) if isinstance(told, list) else told for name, told in answers.items()
        }
        self.asked: list[Asked] = []
        super().__init__(("127.0.0.1", 0), _Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def answer(self, asked: Asked) -> Told:
        self.asked.append(asked)
        told = self.answers.get(f"{asked.method} {asked.path}", Told({"detail": "Nothing here."}, 404))
        return told.pop(0) if isinstance(told, list) else told


@contextmanager
def told(answers: Mapping[str, Told | list[Told]]) -> Iterator[ToldServer]:
    """Serve `answers` until the end of the block."""
    with ToldServer(answers) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    server: ToldServer

    def _serve(self) -> None:
        parts = urlsplit(self.path)
        length = int(self.headers.get("content-length") or 0)
        content = self.rfile.read(length)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        token = self.headers.get("authorization", "").removeprefix("Bearer ")
        body = json.loads(content) if content else None
        answer = self.server.answer(Asked(self.command, parts.path, query, token, body))
        said = b"" if answer.body is None else json.dumps(answer.body).encode()
        self.send_response(answer.status)
        for name, value in {"Content-Length": str(len(said)), **answer.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(said)

    do_GET = do_POST = do_DELETE = _serve  # noqa: N815 - http.server finds them by these names

    def log_message(self, *_: object) -> None:
        """Stay silent."""
