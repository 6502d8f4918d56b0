"""The forms an entry may be written in for a follower, and how to read an entry's place back from them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, Protocol

from audit import ecs, ocsf
from audit.sinks.told import Told


class Bare(Protocol):
    """Writes the original of one entry."""

    def __call__(self, index: int, head: bytes, leaf: bytes, *, origin: str) -> dict[str, object]:
        """Return the smallest document of one entry; the arguments are those of ``audit.ecs.document``."""
        ...


class Write(Protocol):
    """Writes one entry."""

    def __call__(
        self, index: int, head: bytes, leaf: bytes, *, origin: str, told: Told | None = None
    ) -> dict[str, object]:
        """Return the document of one entry; the arguments are those of ``audit.ecs.document``."""
        ...


@dataclass(frozen=True, slots=True)
class Stated:
    """What a document says of itself: its entry's index, log, leaf hash in hex and original text.

    ``whole`` is false when it holds the original only.
    """

    index: object
    log: object
    leaf: object
    original: object
    whole: bool


@dataclass(frozen=True, slots=True)
class Format:
    """One form.

    Attributes:
        document: writes an entry; raises HeadError when its bytes are no head.
        original_only: writes the smallest document, for when the whole one cannot be made.
        read: returns what a document states; raises LookupError or TypeError when it is none of ours.
    """

    name: str
    document: Write
    original_only: Bare
    read: Callable[[Mapping[str, Any]], Stated]


def _read_ecs(found: Mapping[str, Any]) -> Stated:
    event = found["event"]
    whole = "@timestamp" in found
    return Stated(event["sequence"], found["guildhall"]["log"], event["hash"], event["original"], whole)


def _read_ocsf(found: Mapping[str, Any]) -> Stated:
    metadata, proof = found["metadata"], found["unmapped"]["record_integrity"]["attestation_list"][0]
    leaf, whole = proof["fingerprint"]["value"], "event_code" in metadata
    return Stated(metadata["sequence"], metadata["log_name"], leaf, found["raw_data"], whole)


ECS: Final = Format("ecs", ecs.document, ecs.original_only, _read_ecs)
OCSF: Final = Format("ocsf", ocsf.document, ocsf.original_only, _read_ocsf)
FORMATS: Final[Mapping[str, Format]] = MappingProxyType({form.name: form for form in (ECS, OCSF)})
