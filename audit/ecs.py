"""A head as an Elastic Common Schema document: references, and the original text beside them.

Source: ECS 9 field reference, https://www.elastic.co/docs/reference/ecs. What ECS has no field for is under
``guildhall``. ``event.original`` is the head as it was hashed: its leaf hash can be computed from any copy.
A document is made of the entry alone, with the details of it that a follower may have, so it can be made
again, and compared, from any copy.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson

from audit.errors import HeadError
from audit.events import EVENT_TYPES, EventType
from audit.events.declared import OcsfClass
from audit.head import HEAD_VERSION
from audit.sinks.told import MARK, Told, spread

ECS_VERSION: Final = "9.4.0"
OUTCOMES: Final = {"success": "success", "failure": "failure", "denied": "failure"}
PLACED: Final = frozenset({"v", "id", "time", "action", "actor"})
"""Fields of the head that have their place in ECS alone; the others are under ``guildhall``."""

_NEEDED: Final = frozenset({"v", "id", "time", "action", "outcome"})


@dataclass(frozen=True, slots=True)
class _Words:
    """What ECS calls an act; lists are copied into each document."""

    kind: str
    category: list[str]
    type: list[str]
    denied: list[str]
    severity: int


def _words(known: EventType) -> _Words:
    found = known.ocsf.class_uid is OcsfClass.DETECTION_FINDING
    return _Words(
        kind="alert" if found else "event",
        category=list(known.category),
        type=list(known.type),
        denied=[*known.type, "denied"],
        severity=int(known.severity),
    )


_ACTS: Final[Mapping[str, _Words]] = {str(action): _words(kind) for action, kind in EVENT_TYPES.items()}
_OF_ANOTHER_VERSION: Final = _Words("event", ["configuration"], ["info"], ["info", "denied"], 1)


def document(
    index: int, head: bytes, leaf: bytes, *, origin: str, told: Told | None = None
) -> dict[str, object]:
    """Return the document of one entry.

    Args:
        index: the entry's place in the log.
        head: the canonical bytes of its head.
        leaf: its leaf hash, 32 bytes.
        origin: the log's name.
        told: details in clear, where two people let the follower have them.

    Raises:
        HeadError: the bytes are not a head.
    """
    fields = read_fields(head)
    own: dict[str, object] = {"log": origin}
    own.update((name, value) for name, value in fields.items() if name not in PLACED)
    found: dict[str, object] = {
        "@timestamp": fields["time"],
        "ecs": {"version": ECS_VERSION},
        "event": _identity(index, head, leaf) | _event(fields),
        "guildhall": own,
    }
    if "policy" in fields:
        found["rule"] = {"ruleset": fields["policy"]}
    found |= _people(fields)
    if told is not None:
        own[MARK] = list(told.subjects)
        spread(found, told.fields)
    return found


def original_only(index: int, head: bytes, leaf: bytes, *, origin: str) -> dict[str, object]:
    """Return the smallest document of an entry, for when the whole one cannot be made or was refused."""
    return {"event": _identity(index, head, leaf), "guildhall": {"log": origin}}


def stated_leaf(document: Mapping[str, object]) -> str | None:
    """Return the leaf hash, in hex, that a stored document states."""
    event = document.get("event")
    stated = event.get("hash") if isinstance(event, Mapping) else None
    return stated if isinstance(stated, str) else None


def stated_original(document: Mapping[str, object]) -> str | None:
    """Return the original text that a stored document states."""
    event = document.get("event")
    stated = event.get("original") if isinstance(event, Mapping) else None
    return stated if isinstance(stated, str) else None


def original_text(head: bytes) -> str:
    """Return how a document states a head; what is no text is spelled out."""
    return head.decode("utf-8", "backslashreplace")


def read_fields(head: bytes) -> Mapping[str, Any]:
    """Return the fields of a head the log took in: checked there field by field, so only its form here.

    Raises:
        HeadError: the bytes are not a head.
    """
    try:
        fields = orjson.loads(head)
    except orjson.JSONDecodeError:
        raise HeadError("The head is not JSON.") from None
    if isinstance(fields, dict) and fields.keys() >= _NEEDED and fields["v"] == HEAD_VERSION:
        return fields
    raise HeadError(f"The bytes are no head of version {HEAD_VERSION}.")


def _identity(index: int, head: bytes, leaf: bytes) -> dict[str, object]:
    return {
        "dataset": "guildhall.audit",
        "module": "guildhall",
        "sequence": index,
        "hash": leaf.hex(),
        "original": original_text(head),
    }


def _event(fields: Mapping[str, object]) -> dict[str, object]:
    action, outcome = fields["action"], fields["outcome"]
    words = _ACTS.get(str(action), _OF_ANOTHER_VERSION)
    event: dict[str, object] = {
        "id": fields["id"],
        "kind": words.kind,
        "action": action,
        "outcome": OUTCOMES.get(str(outcome), "unknown"),
        "category": words.category.copy(),
        "type": (words.denied if outcome == "denied" else words.type).copy(),
        "severity": words.severity,
    }
    reasons = fields.get("reasons")
    if isinstance(reasons, list):
        event["reason"] = ", ".join(map(str, reasons))
    return event


def _people(fields: Mapping[str, object]) -> dict[str, object]:
    """Return who acted and who was acted on, by reference."""
    user: dict[str, object] = {"id": fields["actor"]} if "actor" in fields else {}
    resource = fields.get("resource")
    if isinstance(resource, dict) and resource.get("type") == "person" and "id" in resource:
        user["target"] = {"id": resource["id"]}
    return {"user": user} if user else {}
