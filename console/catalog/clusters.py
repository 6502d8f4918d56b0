"""Asks a cluster what it serves, through the V2 model repository extension.

Source: Open Inference Protocol V2 and its model repository extension. Everything that comes back is
hostile input: shapes are checked, names validated, sizes capped; what does not fit is left out.
"""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from console.catalog.addresses import ClusterAddress
from console.catalog.asking import Answer, Asking, members, open_asking
from console.catalog.names import is_upstream_name, is_upstream_version, upstream_path
from console.errors import ServiceUnavailableError

MODELS_LIMIT = 2000
SYNC_SECONDS = 20.0
AT_ONCE = 4
TOO_MANY, FAULTS = 429, 500
TENSORS_LIMIT = 100
DIMENSIONS_LIMIT = 16
LONGEST_TEXT = 100
LARGEST_SIZE = 2**63 - 1
NUMBERS = (f"{kind}{bits}" for kind in ("INT", "UINT") for bits in (8, 16, 32, 64))
DATATYPES = frozenset({"BOOL", "BYTES", "FP16", "BF16", "FP32", "FP64", *NUMBERS})

Tensors = tuple[Mapping[str, object], ...]


@dataclass(frozen=True, slots=True)
class ServedVersion:
    """One model version as the cluster reports it.

    `ready` is the cluster's own word for this very version; `described` says whether it gave metadata;
    without it `platform` and the JSON-ready tensors are empty.
    """

    name: str
    version: str
    ready: bool = False
    described: bool = False
    platform: str = ""
    inputs: Tensors = ()
    outputs: Tensors = ()


async def served_versions(address: ClusterAddress, seconds: float = SYNC_SECONDS) -> list[ServedVersion]:
    """Return every model version the cluster at `address` lists, with its declared tensors.

    Args:
        address: where it is.
        seconds: until all of its answers must be there.

    Raises:
        ServiceUnavailableError: the cluster does not answer in time, or answers what is not V2.
    """
    try:
        async with asyncio.timeout(seconds), open_asking(address) as asking:
            named = await _index(asking)
            turns = asyncio.Semaphore(AT_ONCE)
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(_describe(asking, turns, *key)) for key in named]
    except TimeoutError:
        sentence = f"The cluster did not say within {seconds:g} seconds what it serves."
        raise ServiceUnavailableError(sentence, ("cluster_timeout",)) from None
    except BaseExceptionGroup as errors:
        raise _first(errors) from None
    return [task.result() for task in tasks]


async def reported_versions(
    address: ClusterAddress, keys: Iterable[tuple[str, str]], seconds: float = SYNC_SECONDS
) -> Mapping[tuple[str, str], ServedVersion | None]:
    """Return what a cluster says of these versions (name, version); None where it describes none.

    What it could not say for a fault of its own (429, 5xx) is left out: a cluster that is starting or busy
    has said nothing about its models.

    Raises:
        ServiceUnavailableError: the cluster does not answer in time.
    """
    turns = asyncio.Semaphore(AT_ONCE)
    try:
        async with asyncio.timeout(seconds), open_asking(address) as asking, asyncio.TaskGroup() as group:
            tasks = {key: group.create_task(_report(asking, turns, *key)) for key in keys}
    except TimeoutError:
        raise ServiceUnavailableError("The cluster does not answer in time.", ("cluster_timeout",)) from None
    except BaseExceptionGroup as errors:
        raise _first(errors) from None
    found = {key: task.result() for key, task in tasks.items()}
    return {key: said for key, (answered, said) in found.items() if answered}


async def _report(
    asking: Asking, turns: asyncio.Semaphore, name: str, version: str
) -> tuple[bool, ServedVersion | None]:
    async with turns:
        answer = await asking.ask("GET", upstream_path(name, version))
    if answer.status == TOO_MANY or answer.status >= FAULTS:
        return False, None
    return True, _described(name, version, True, answer)  # noqa: FBT003


def _first(errors: BaseExceptionGroup[BaseException]) -> BaseException:
    # One failed question ends them all: what is known is told in one sentence.
    return next((one for one in errors.exceptions if isinstance(one, ServiceUnavailableError)), errors)


async def _index(asking: Asking) -> list[tuple[str, str]]:
    answer = await asking.ask("POST", "/v2/repository/index", {})
    if not answer.ok:
        sentence = f"The cluster refuses to say what it serves (HTTP {answer.status})."
        raise ServiceUnavailableError(sentence, ("cluster_refused",))
    if not isinstance(answer.found, list):
        raise ServiceUnavailableError("The cluster's repository index is not a list.", ("cluster_answer",))
    if len(answer.found) > MODELS_LIMIT:
        sentence = f"The cluster lists more than {MODELS_LIMIT} versions."
        raise ServiceUnavailableError(sentence, ("cluster_too_large",))
    named = (_named(members(item)) for item in answer.found)
    return list(dict.fromkeys(key for key in named if key))


def _named(item: Mapping[str, object]) -> tuple[str, str] | None:
    name, version = item.get("name"), item.get("version")
    given = "" if version is None else version
    return (str(name), str(given)) if is_upstream_name(name) and is_upstream_version(given) else None


async def _describe(asking: Asking, turns: asyncio.Semaphore, name: str, version: str) -> ServedVersion:
    path = upstream_path(name, version)
    async with turns:
        # The index states a model's readiness by name only (MLServer), so each version is asked itself.
        ready = (await asking.ask("GET", f"{path}/ready")).ok
        answer = await asking.ask("GET", path)
    return _described(name, version, ready, answer) or ServedVersion(name, version)


def _described(name: str, version: str, ready: bool, answer: Answer) -> ServedVersion | None:  # noqa: FBT001
    if not answer.ok or not isinstance(answer.found, Mapping):
        return None
    found = answer.found
    tensors = _tensors(found.get("inputs")), _tensors(found.get("outputs"))
    return ServedVersion(name, version, ready, True, _text(found.get("platform")), *tensors)  # noqa: FBT003


def _text(found: object) -> str:
    plain = isinstance(found, str) and len(found) <= LONGEST_TEXT and found.isprintable()
    return str(found) if plain else ""


def _tensors(given: object) -> Tensors:
    listed = given if isinstance(given, list) else []
    read = (_tensor(members(item)) for item in listed[:TENSORS_LIMIT])
    return tuple(tensor for tensor in read if tensor)


def _tensor(item: Mapping[str, object]) -> Mapping[str, object] | None:
    name, datatype, shape = _text(item.get("name")), item.get("datatype"), item.get("shape")
    known = isinstance(datatype, str) and datatype in DATATYPES
    if not name or not known or not isinstance(shape, list) or len(shape) > DIMENSIONS_LIMIT:
        return None
    if not all(type(size) is int and -1 <= size <= LARGEST_SIZE for size in shape):
        return None
    return {"name": name, "datatype": datatype, "shape": shape}
