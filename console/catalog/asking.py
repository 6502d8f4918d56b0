"""Asks a cluster over HTTP and believes none of its sizes: bytes are counted as they come.

Each sync has a client of its own, so a cluster's cookies and connections meet nobody else's; no proxy and no
redirect is followed, and compressed answers are refused, because a small one can be endless.
"""

import json
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx2

from console.catalog.addresses import ClusterAddress
from console.errors import ServiceUnavailableError

ANSWER_LIMIT = 1024 * 1024
SYNC_LIMIT = 16 * 1024 * 1024
"""Bytes taken from a cluster in one answer, and in all answers of a sync."""
HEADERS = {"accept": "application/json", "accept-encoding": "identity"}


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer's status and the JSON in it; None when there is none."""

    status: int
    found: object

    @property
    def ok(self) -> bool:
        """Whether the cluster said 200."""
        return self.status == httpx2.codes.OK


class Asking:
    """All that is asked of one cluster in one sync."""

    def __init__(self, http: httpx2.AsyncClient, address: ClusterAddress) -> None:
        """Ask the cluster at `address` through `http`."""
        self._http = http
        self._address = address
        self._left = SYNC_LIMIT

    async def ask(self, method: str, path: str, body: object = None) -> Answer:
        """Return the cluster's answer.

        Raises:
            ServiceUnavailableError: it does not answer, answers too much, or is a service of ours.
        """
        content = None if body is None else json.dumps(body).encode()
        headers = HEADERS if content is None else HEADERS | {"content-type": "application/json"}
        url = self._address.url + path
        try:
            async with self._http.stream(method, url, content=content, headers=headers) as answer:
                self._check_peer(answer)
                return Answer(answer.status_code, read_json(await self._read(answer)))
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
            raise ServiceUnavailableError("The cluster does not answer.", ("cluster_unreachable",)) from error

    def _check_peer(self, answer: httpx2.Response) -> None:
        stream = answer.extensions.get("network_stream")
        peer = stream.get_extra_info("server_addr") if stream is not None else None
        if not isinstance(peer, tuple) or self._address.reaches_us((str(peer[0]), int(peer[1]))):
            raise ServiceUnavailableError("The cluster's name leads to a service of ours.", ("own_service",))

    async def _read(self, answer: httpx2.Response) -> bytes:
        if answer.status_code != httpx2.codes.OK or answer.headers.get("content-encoding"):
            return b""
        read = bytearray()
        async for piece in answer.aiter_raw():
            read += piece
            self._left -= len(piece)
            if len(read) > ANSWER_LIMIT or self._left < 0:
                raise ServiceUnavailableError("The cluster answers too much.", ("cluster_answer",))
        return bytes(read)


def read_json(content: bytes) -> object:
    """Return the JSON in `content`, or None when it is none, or too deep to be an answer."""
    try:
        found: object = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return found


def members(found: object) -> Mapping[str, object]:
    """Return a JSON object's members; of anything else none."""
    return found if isinstance(found, Mapping) else {}


@asynccontextmanager
async def open_asking(address: ClusterAddress) -> AsyncIterator[Asking]:
    """Yield what asks the cluster at `address`; its connections end with it."""
    verify = ssl.create_default_context()
    async with httpx2.AsyncClient(trust_env=False, verify=verify, timeout=10) as http:
        yield Asking(http, address)
