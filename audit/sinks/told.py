"""Details of an entry in clear, for a follower that two people let have them; others are told pseudonyms.

Which details, and where they stand in a document, is declared with the acts (``ecs`` in audit.events). They
come from the entry's own parts, so a document can be made again from the log for as long as the keys exist.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from audit.events import EVENT_TYPES, EventType

NOBODY: Final = "nobody"
"""Stands for the subject of details that are about no one."""
MARK: Final = "disclosed"
"""The field under ``guildhall`` that says whose details a document holds."""
_NUMBERS: Final = ("bytes", "status_code")
_ADDRESS: Final = {"type": "ip", "ignore_malformed": True}
_KEYWORD: Final = {"type": "keyword", "ignore_above": 1024}
_TYPES: Final[Mapping[str, Mapping[str, object]]] = {"source.ip": _ADDRESS, "message": {"type": "text"}}


@dataclass(frozen=True, slots=True)
class Told:
    """What is told of one entry: values by ECS name, and whose details they are."""

    fields: Mapping[str, object]
    subjects: tuple[str, ...]


def _places(kind: EventType) -> dict[tuple[str, str], str]:
    return {(part.name, one.name): one.ecs for part in kind.parts for one in part.fields if one.ecs}


_PLACES: Final[Mapping[str, Mapping[tuple[str, str], str]]] = {
    str(action): _places(kind) for action, kind in EVENT_TYPES.items()
}


def collect(action: str, parts: Iterable[tuple[str, str, Mapping[str, object]]]) -> Told | None:
    """Return what is told of an act with these opened parts, each its name, its subject and its content."""
    places, fields, subjects = _PLACES.get(action, {}), dict[str, object](), set[str]()
    for part, subject, content in parts:
        found = {
            places[part, name]: value
            for name, value in content.items()
            if value is not None and (part, name) in places
        }
        if found:
            fields |= found
            subjects.add(subject)
    return Told(fields, tuple(sorted(subjects))) if fields else None


def spread(document: dict[str, Any], fields: Mapping[str, object]) -> None:
    """Put values into a document by their dotted names; what the head itself says is never replaced."""
    for name, value in fields.items():
        *way, last = name.split(".")
        place = document
        for step in way:
            place = place.setdefault(step, {})
        place.setdefault(last, value)


def mapped() -> dict[str, Any]:
    """Return the mapping of every field that may be told, as the members of ``properties``."""
    names = {ecs for places in _PLACES.values() for ecs in places.values()} - {"event.id"}
    found: dict[str, Any] = {"guildhall": {"properties": {MARK: _KEYWORD}}}
    for name in sorted(names):
        *way, last = name.split(".")
        place = found
        for step in way:
            place = place.setdefault(step, {"properties": {}})["properties"]
        place[last] = dict(_TYPES.get(name, {"type": "long"} if last in _NUMBERS else _KEYWORD))
    return found
