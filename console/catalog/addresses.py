"""Where clusters may be: inside gateway.networks, and never on a port of ours or of a service we use.

A cluster's address is typed by an admin and its name is pointed somewhere by others, so it is checked when it
is added, again at each sync, and once more against the socket that was opened.
"""

import asyncio
import contextlib
import re
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import SplitResult, urlsplit

from sqlalchemy.engine import make_url

from console.errors import InvalidInputError
from console.settings import Settings

DEFAULT_PORTS = {"http": 80, "https": 443}
POSTGRESQL_PORT = 5432
HERE = "here"
BASE = re.compile(r"(?:/[A-Za-z0-9_~-][A-Za-z0-9._~-]{0,99})*/?")
HOST = re.compile(r"[a-z0-9:]([a-z0-9:.-]{0,251}[a-z0-9:])?")

Endpoint = tuple[str, int]


@dataclass(frozen=True, slots=True)
class ClusterAddress:
    """A cluster's base URL without a trailing slash, and the endpoints that no cluster may be."""

    url: str
    own: frozenset[Endpoint]

    def reaches_us(self, peer: Endpoint) -> bool:
        """Whether a connection that led to `peer` ended at ourselves or at a service of ours."""
        return (_key(peer[0]), peer[1]) in self.own


async def check_address(url: str, settings: Settings) -> ClusterAddress:
    """Return the address that `url` writes.

    Raises:
        InvalidInputError: it is not plain http(s)://host[:port][/path], lies outside gateway.networks, or is
            an endpoint of ours or of a service we use.
    """
    parts = _split(url)
    host, port = parts.hostname or "", parts.port or DEFAULT_PORTS[parts.scheme]
    if not _inside(host, settings.gateway.networks):
        raise _refuse("Clusters are reached only inside the setting gateway.networks.", "outside_networks")
    own = await _own_endpoints(settings)
    if {(key, port) for key in await _keys(host)} & own:
        raise _refuse("This is Guildhall itself or a service it uses, not a cluster.", "own_service")
    shown = f"[{host}]" if ":" in host else host
    return ClusterAddress(f"{parts.scheme}://{shown}:{port}{parts.path.rstrip('/')}", own)


def _split(url: str) -> SplitResult:
    wrong = _refuse("This is not a cluster's address. Use http://host:port.", "invalid_url")
    if not url.isascii() or not url.isprintable() or set(url) & set(" \\@?#%"):
        raise wrong
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise wrong from None
    if parts.scheme not in {"http", "https"} or port == 0 or not HOST.fullmatch(parts.hostname or ""):
        raise wrong
    if not BASE.fullmatch(parts.path):
        raise wrong
    return parts


def _refuse(sentence: str, reason: str) -> InvalidInputError:
    return InvalidInputError(sentence, (reason,), {"url": sentence})


def _inside(host: str, networks: Iterable[str]) -> bool:
    # Only the plain form of an address is one: 2130706433, 0x7f.1 and 127.1 are names here, and not listed.
    address = _address("127.0.0.1" if host == "localhost" else host)
    if address is None:
        return host in {name.lower() for name in networks}
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        return False
    return any(address in ip_network(network) for network in networks if _is_network(network))


def _is_network(text: str) -> bool:
    with contextlib.suppress(ValueError):
        ip_network(text)
        return True
    return False


def _address(host: str) -> IPv4Address | IPv6Address | None:
    with contextlib.suppress(ValueError):
        return ip_address(host.partition("%")[0])
    return None


def _key(host: str) -> str:
    """Return one word for all addresses of this machine, and the plain form of any other address."""
    address = _address("127.0.0.1" if host == "localhost" else host)
    if isinstance(address, IPv6Address):
        address = address.ipv4_mapped or address
    if address is None:
        return host.lower()
    return HERE if _is_here(address) else str(address)


def _is_here(address: IPv4Address | IPv6Address) -> bool:
    if address.is_loopback or address.is_unspecified:
        return True
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6  # noqa: PLR2004 - IP's own numbers
    # Only an address of this machine can be bound; nothing is sent.
    with contextlib.suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as probe:
        probe.bind((str(address), 0))
        return True
    return False


async def _own_endpoints(settings: Settings) -> frozenset[Endpoint]:
    served = [*_endpoints(_service_urls(settings)), *map(_database, (settings.main_url, settings.log_url))]
    named = [(host, port) for host, port in served if host]
    keys = await asyncio.gather(*(_keys(host) for host, _ in named))
    return frozenset((key, port) for found, (_, port) in zip(keys, named, strict=True) for key in found)


def _service_urls(settings: Settings) -> list[str]:
    elasticsearch = settings.audit.elasticsearch
    host = settings.server.host
    urls = [
        f"http://{f'[{host}]' if ':' in host else host}:{settings.server.port}",
        settings.base_url,
        settings.policy.opa_url,
        elasticsearch.url if elasticsearch else None,
        *(issuer.url for issuer in settings.sign_in.issuers),
    ]
    return [url for url in urls if url]


def _endpoints(urls: Iterable[str]) -> list[Endpoint]:
    parts = [urlsplit(url) for url in urls]
    return [(part.hostname or "", part.port or DEFAULT_PORTS.get(part.scheme, 0)) for part in parts]


def _database(url: str) -> Endpoint:
    parts = make_url(url)
    return parts.host or "", parts.port or POSTGRESQL_PORT


async def _keys(host: str) -> set[str]:
    """Return the words for a host: for a name also those of every address it leads to just now."""
    if _address(host) is not None or host == "localhost":
        return {_key(host)}
    with contextlib.suppress(OSError, UnicodeError):
        found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
        return {_key(host), *(_key(str(item[4][0])) for item in found)}
    return {_key(host)}
