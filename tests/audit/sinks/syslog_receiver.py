"""A receiver of octet-counted syslog over TCP or TLS, in a thread; it keeps whole messages only."""

import contextlib
import re
import socket
import socketserver
import ssl
import threading
from dataclasses import dataclass, field
from typing import Any, Self, cast

import orjson

SEQUENCE = re.compile(rb'sequence="(\d+)"')
MESSAGE = re.compile(
    rb"<(?P<priority>\d{1,3})>1 (?P<time>\S+) (?P<host>\S+) (?P<app>\S+) (?P<process>\S+) (?P<id>\S+) "
    rb"(?P<data>\[.*?(?<!\\)\]) (?P<text>.*)",
    re.DOTALL,
)


@dataclass
class Receiver:
    """Keeps what came, message by message."""

    messages: list[bytes] = field(default_factory=list)
    port: int = 0

    def sequences(self) -> list[int]:
        """Which entries came, as a receiver that drops repetitions holds them."""
        return sorted({int(found[1]) for found in map(SEQUENCE.search, self.messages) if found})

    def documents(self) -> list[dict[str, Any]]:
        return [orjson.loads(read_message(message)["text"]) for message in self.messages]


def read_message(message: bytes) -> dict[str, bytes]:
    found = MESSAGE.fullmatch(message)
    assert found, message[:200]
    return found.groupdict()


class Handler(socketserver.StreamRequestHandler):
    """Reads frames until the connection ends."""

    def handle(self) -> None:
        receiver = cast("Server", self.server).receiver
        with contextlib.suppress(ConnectionError, ssl.SSLError):
            while (length := self._length()) is not None:
                receiver.messages.append(self.rfile.read(length))

    def _length(self) -> int | None:
        digits = bytearray()
        while (byte := self.rfile.read(1)) not in {b" ", b""}:
            digits += byte
        return int(digits) if digits else None


class Server(socketserver.ThreadingTCPServer):
    """Listens on a free loopback port, or on the port it had."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, receiver: Receiver, tls: ssl.SSLContext | None = None) -> None:
        self.receiver = receiver
        self.tls = tls
        self.connections: list[Any] = []
        super().__init__(("127.0.0.1", receiver.port), Handler)
        receiver.port = self.server_address[1]
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def close_all(self) -> None:
        """Close what is connected, as a receiver that is killed does."""
        for connection in self.connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def get_request(self) -> tuple[Any, Any]:
        plain, address = super().get_request()
        connection = self.tls.wrap_socket(plain, server_side=True) if self.tls else plain
        self.connections.append(connection)
        return connection, address

    def end(self) -> None:
        self.shutdown()
        self.server_close()


class StoppedReceiver:
    """Takes a connection and never reads from it."""

    def __enter__(self) -> Self:
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.port = self.listening.getsockname()[1]
        return self

    def __exit__(self, *_: object) -> None:
        self.listening.close()
