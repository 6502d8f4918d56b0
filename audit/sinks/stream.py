"""A TCP or TLS connection that knows what the other side's kernel has taken.

It is the most that can be known of a protocol without answers. ``SIOCOUTQ`` (tcp(7)) counts the bytes sent
and not yet acknowledged by the peer's TCP. TLS 1.3 lets a client send before the server has judged its
certificate (RFC 8446 section 4.6.2), so a fresh connection is watched for its end before anything counts.
"""

import contextlib
import fcntl
import socket
import ssl
import struct
import termios
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

TIMEOUT: Final = 30.0
PROBATION: Final = 0.5
_POLL: Final = 0.002
_INT: Final = struct.Struct("i")


class PeerGoneError(OSError):
    """The other side closed the connection."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where to connect.

    Attributes:
        host: name or address; under TLS the name the server's certificate must carry.
        port: TCP port.
        tls: how to prove the server, and ourselves; None for plain TCP.
    """

    host: str
    port: int
    tls: ssl.SSLContext | None = None


def tls_context(
    ca: Path | None = None, certificate: Path | None = None, key: Path | None = None
) -> ssl.SSLContext:
    """Return a client's TLS settings: at least TLS 1.2, the server proven by ``ca`` or the system's roots.

    Args:
        ca: PEM file of the authorities to trust; None trusts those of the system.
        certificate: PEM file of our own certificate, if the server asks for one.
        key: PEM file of its key; None when it stands beside the certificate.

    Raises:
        OSError: a file cannot be read or is no PEM file.
    """
    context = ssl.create_default_context(cafile=str(ca) if ca else None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if certificate is not None:
        context.load_cert_chain(certificate, key)
    return context


class Stream:
    """One connection, for one thread at a time."""

    def __init__(self, address: Address, timeout: float = TIMEOUT) -> None:
        """Connect.

        Raises:
            OSError: nobody answers, or TLS cannot be agreed on.
        """
        plain = socket.create_connection((address.host, address.port), timeout)
        try:
            self._socket = (
                address.tls.wrap_socket(plain, server_hostname=address.host) if address.tls else plain
            )
        except BaseException:
            plain.close()
            raise
        self._timeout = timeout
        self._unproven = address.tls is not None

    def send(self, data: bytes) -> None:
        """Send ``data`` and return once the peer's kernel has all of it.

        Raises:
            OSError: the connection broke, the peer closed it, or it took nothing for too long.
        """
        self._look_for_end(0.0)
        self._socket.settimeout(self._timeout)
        self._socket.sendall(data)
        self._wait_until_taken()
        self._look_for_end(PROBATION if self._unproven else 0.0)
        self._unproven = False

    def close(self) -> None:
        """End the connection; what was sent stays sent."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_WR)
        self._socket.close()

    def _wait_until_taken(self) -> None:
        deadline = time.monotonic() + self._timeout
        while _untaken(self._socket):
            if time.monotonic() > deadline:
                raise TimeoutError("The receiver takes nothing more.")
            self._look_for_end(_POLL)

    def _look_for_end(self, seconds: float) -> None:
        self._socket.settimeout(seconds)
        try:
            if not self._socket.recv(4096):
                raise PeerGoneError("The receiver closed the connection.")
        except (TimeoutError, BlockingIOError, ssl.SSLWantReadError):
            return


def _untaken(connection: socket.socket) -> int:
    asked = fcntl.ioctl(connection.fileno(), termios.TIOCOUTQ, _INT.pack(0))
    return int(_INT.unpack(asked)[0])
