"""Asks a cluster what it serves, through the V2 model repository extension.

Source: Open Inference Protocol V2 and its model repository extension. Everything that comes back is
hostile input: shapes are checked, names validated, sizes capped.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from urllib.parse import urlsplit

import httpx2

from console.catalog.names import is_upstream_name, upstream_path
from console.errors import InvalidInputError, ServiceUnavailableError

ANSWER_LIMIT = 1024 * 1024
MODELS_LIMIT = 2000
NUMBERS = (f"{kind}{bits}" for kind in ("INT", "UINT") for bits in (8, 16, 32, 64))
DATATYPES = frozenset({"BOOL", "BYTES", "FP16", "BF16", "FP32", "FP64", *NUMBERS})


@dataclass(frozen=True, slots=True)
class ServedVersion:
    """One model version as the cluster reports it; tensors are JSON-ready."""

    name: str
    version: str
    state: str
    platform: str
    inputs: tuple[Mapping[str, object], ...]
    outputs: tuple[Mapping[str, object], ...]


def check_address(url: str, networks: tuple[str, ...]) -> str:
    """Return the cluster's base URL without a trailing slash.

    Raises:
        InvalidInputError: not http(s), carries credentials or a query, or lies outside `networks`.
    """
    parts = urlsplit(url)
    plain = parts.scheme in {"http", "https"} and parts.hostname and not parts.query and not parts.fragment
    if not plain or parts.username or parts.password:
        raise InvalidInputError(
            "This is not a cluster's address.", ("invalid_url",), {"url": "Use http://host:port."}
        )
    if not _inside(parts.hostname or "", networks):
        sentence = "Clusters are reached only inside the setting gateway.networks."
        raise InvalidInputError(sentence, ("outside_networks",), {"url": sentence})
    return url.rstrip("/")


def _inside(host: str, networks: tuple[str, ...]) -> bool:
    try:
        address = ip_address("127.0.0.1" if host == "localhost" else host)
    except ValueError:
        return host in networks
    return any(address in ip_network(network) for network in networks if _is_network(network))


def _is_network(text: str) -> bool:
    try:
        ip_network(text)
    except ValueError:
        return False
    return True


async def served_versions(http: httpx2.AsyncClient, url: str) -> list[ServedVersion]:
    """Return every model version the cluster at `url` lists, with its declared tensors.

    Raises:
        ServiceUnavailableError: the cluster does not answer, or answers what is not V2.
    """
    index = await _ask(http, "POST", f"{url}/v2/repository/index", {})
    if not isinstance(index, list):
        raise ServiceUnavailableError("The cluster's repository index is not a list.", ("cluster_answer",))
    named = [item for item in index[:MODELS_LIMIT] if isinstance(item, Mapping) and _is_named(item)]
    return [await _describe(http, url, item) for item in named]


def _is_named(item: Mapping[str, object]) -> bool:
    return is_upstream_name(item.get("name")) and (
        item.get("version") in (None, "") or is_upstream_name(item.get("version"))
    )


async def _describe(http: httpx2.AsyncClient, url: str, item: Mapping[str, object]) -> ServedVersion:
    name, version = str(item["name"]), str(item.get("version") or "")
    answer = await _ask(http, "GET", url + upstream_path(name, version), None)
    found = answer if isinstance(answer, Mapping) else {}
    return ServedVersion(
        name=name,
        version=version,
        state="ready" if item.get("state") == "READY" else "unavailable",
        platform=str(found.get("platform") or "")[:100],
        inputs=_tensors(found.get("inputs")),
        outputs=_tensors(found.get("outputs")),
    )


def _tensors(given: object) -> tuple[Mapping[str, object], ...]:
    listed = given if isinstance(given, list) else []
    return tuple(_tensor(item) for item in listed[:100] if _is_tensor(item))


def _is_tensor(item: object) -> bool:
    if not isinstance(item, Mapping) or item.get("datatype") not in DATATYPES:
        return False
    shape = item.get("shape")
    return isinstance(shape, list) and all(type(size) is int and size >= -1 for size in shape)


def _tensor(item: Mapping[str, object]) -> Mapping[str, object]:
    return {"name": str(item.get("name"))[:100], "datatype": item["datatype"], "shape": item["shape"]}


async def _ask(http: httpx2.AsyncClient, method: str, url: str, body: object) -> object:
    headers = {"content-type": "application/json"} if body is not None else {}
    content = json.dumps(body).encode() if body is not None else None
    try:
        answer = await http.request(method, url, content=content, headers=headers)
    except httpx2.HTTPError as error:
        raise ServiceUnavailableError("The cluster does not answer.", ("cluster_unreachable",)) from error
    if answer.status_code != httpx2.codes.OK or len(answer.content) > ANSWER_LIMIT:
        return None
    try:
        return json.loads(answer.content)
    except ValueError:
        return None
