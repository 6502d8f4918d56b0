"""The HTTP client of the sinks that are addressed by URL; nothing else here imports its library.

Redirects are never followed and no proxy is taken from the environment. A sink's address is an operator's
setting, yet its name is resolved by others: the addresses it leads to must lie in the networks that were
allowed, they are looked at right before each connection, and the connection goes to the one looked at.
"""

import asyncio
import socket
import ssl
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final
from urllib.parse import urlsplit

import httpx2

TIMEOUT: Final = 30.0
LARGEST: Final = 1_048_576
"""Bytes of an answer; those that are waited for have a few thousand at most."""
CHUNK: Final = 65_536
Ip = IPv4Address | IPv6Address


class UnreachedError(Exception):
    """No answer was had; carries one sentence for the operator."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A status and a body."""

    status: int
    body: bytes


class HttpClient:
    """Posts to one receiver, or gets from it.

    Args:
        url: the receiver's address, http or https.
        networks: private networks, as CIDR, it may be in; every public address is allowed.
        timeout: seconds until a request counts as unanswered.
        ca: PEM file of the authorities to trust; None trusts those of the system.
    """

    def __init__(
        self, url: str, *, networks: Iterable[str] = (), timeout: float = TIMEOUT, ca: str | None = None
    ) -> None:
        parts = urlsplit(url)
        self._scheme, self._host = parts.scheme, parts.hostname or ""
        self._port = parts.port or {"http": 80}.get(parts.scheme, 443)
        self._base = parts.path.rstrip("/")
        self._networks = tuple(ip_network(network) for network in networks)
        self._client = httpx2.AsyncClient(
            timeout=timeout,
            follow_redirects=False,
            trust_env=False,
            verify=ssl.create_default_context(cafile=ca),
        )

    async def post(self, path: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """Post ``body`` to ``path`` below the address.

        Raises:
            UnreachedError: nobody answers, or the address leads where it may not.
        """
        return await self._send("POST", path, headers, body)

    async def get(self, path: str) -> Reply:
        """Get ``path`` below the address.

        Raises:
            UnreachedError: nobody answers, or the address leads where it may not.
        """
        return await self._send("GET", path, {}, b"")

    async def _send(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Reply:
        address = await self._look_up()
        shown = f"[{address}]" if isinstance(address, IPv6Address) else str(address)
        url = f"{self._scheme}://{shown}:{self._port}{self._base}{path}"
        named = {**headers, "host": self._host if self._is_usual() else f"{self._host}:{self._port}"}
        try:
            async with self._client.stream(
                method, url, headers=named, content=body, extensions={"sni_hostname": self._host}
            ) as found:
                return Reply(found.status_code, await self._read(found))
        except httpx2.TimeoutException:
            raise UnreachedError(f"{self._host} did not answer in time.") from None
        except httpx2.HTTPError:
            raise UnreachedError(f"{self._host} cannot be reached.") from None

    async def _read(self, found: httpx2.Response) -> bytes:
        """Return the body: a receiver that never ends it must not fill the worker's memory."""
        body = bytearray()
        async for some in found.aiter_bytes(CHUNK):
            body += some
            if len(body) > LARGEST:
                raise UnreachedError(f"{self._host} answers with more than {LARGEST:,} bytes.")
        return bytes(body)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _look_up(self) -> Ip:
        try:
            loop = asyncio.get_running_loop()
            found = await loop.getaddrinfo(self._host, self._port, type=socket.SOCK_STREAM)
        except OSError:
            raise UnreachedError(f"The name {self._host} cannot be resolved.") from None
        addresses = [ip_address(entry[4][0]) for entry in found]
        if not all(self._may_reach(address) for address in addresses):
            raise UnreachedError(f"{self._host} leads into a private network that is not allowed.")
        return addresses[0]

    def _may_reach(self, address: Ip) -> bool:
        return address.is_global or any(address in network for network in self._networks)

    def _is_usual(self) -> bool:
        return (self._scheme, self._port) in {("http", 80), ("https", 443)}
