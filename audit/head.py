"""The head of an entry: canonical JSON of at most 1,024 bytes, whose bytes are the leaf of the tree.

It holds references and codes only, never personal data, because it stays for ever. Absent fields are left
out. The field table is in docs/reference/entry-format.md.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

from audit import canonical
from audit.errors import CanonicalError, EntryTooLargeError, HeadError
from audit.event import Outcome, Resource

HEAD_VERSION: Final = 1
MAX_HEAD: Final = 1024
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", re.ASCII)
_ACTION: Final = re.compile(r"[a-z_]+(\.[a-z_]+){1,2}")
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_WORD: Final = re.compile(r"[a-z_]+")
_PRODUCER: Final = re.compile(r"[A-Za-z0-9._:-]{1,64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """One entry's head, version 1.

    Attributes:
        time: microseconds since 1970, UTC.
        producer: who wrote the record (a spool's or outbox's name), with ``number`` counting from it.
        retention: the retention class of the body.
        body: SHA-256 over the part commitments, hex; None when there are no parts.
    """

    id: UUID
    time: int
    action: str
    outcome: Outcome
    producer: str
    number: int
    retention: str
    reasons: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    actor: UUID | None = None
    resource: Resource | None = None
    request: UUID | None = None
    grant: UUID | None = None
    decision: UUID | None = None
    evaluation: UUID | None = None
    policy: str | None = None
    state: str | None = None
    body: str | None = None

    def to_dict(self) -> dict[str, object]:
        """Return the fields as they stand in the canonical JSON, absent ones left out."""
        fields: dict[str, object] = {"v": HEAD_VERSION}
        for name in _READERS:
            value = _written(name, getattr(self, name))
            if value is not None:
                fields[name] = value
        return fields

    def to_bytes(self) -> bytes:
        """Return the canonical JSON, which is what the tree hashes.

        Raises:
            EntryTooLargeError: more than 1,024 bytes; names the longest field.
            CanonicalError: a string holds a lone surrogate.
        """
        fields = self.to_dict()
        data = canonical.encode(fields)
        if len(data) > MAX_HEAD:
            longest = max(fields, key=lambda name: len(canonical.encode(fields[name])))
            raise EntryTooLargeError(longest, len(data), MAX_HEAD)
        return data

    @classmethod
    def from_dict(cls, fields: Mapping[str, object]) -> "Head":
        """Read decoded fields.

        Raises:
            HeadError: unknown version or field, missing field, or a value of the wrong form; names it.
        """
        if fields.get("v") is not True and fields.get("v") == HEAD_VERSION:
            return _read({name: value for name, value in fields.items() if name != "v"})
        raise HeadError(f"The head's version is not {HEAD_VERSION}.")

    @classmethod
    def parse(cls, data: bytes) -> "Head":
        """Read a stored head.

        Raises:
            HeadError: longer than 1,024 bytes, not canonical JSON, or not a version 1 head.
        """
        if len(data) > MAX_HEAD:
            raise HeadError(f"The head has {len(data)} bytes, more than {MAX_HEAD}.")
        try:
            return cls.from_dict(canonical.decode_map(data))
        except CanonicalError as error:
            raise HeadError(f"The head is not canonical: {error}") from None


def format_time(micros: int) -> str:
    """Write microseconds since 1970 as RFC 3339 with six digits and ``Z``.

    Raises:
        HeadError: outside the years 1 to 9999.
    """
    second, rest = divmod(micros, 1_000_000)
    return f"{_format_second(second)}.{rest:06d}Z"


def parse_time(text: str) -> int:
    """Read what ``format_time`` wrote, as microseconds since 1970.

    Raises:
        HeadError: another form, or no such moment.
    """
    if _TIME.fullmatch(text) is None:
        raise HeadError("A time is written as 2026-01-31T23:59:59.000000Z.")
    return parse_second(text[:19]) * 1_000_000 + int(text[20:26])


# Of many times in a row most are of one second, and the calendar is the dear part.
@lru_cache(maxsize=256)
def _format_second(second: int) -> str:
    try:
        moment = _EPOCH + timedelta(seconds=second)
    except OverflowError:
        raise HeadError("The time is outside the years 1 to 9999.") from None
    return moment.replace(tzinfo=None).isoformat(timespec="seconds")


@lru_cache(maxsize=256)
def parse_second(text: str) -> int:
    """Read the first 19 letters of a time, as seconds since 1970.

    Raises:
        HeadError: there is no such moment, such as 30 February.
    """
    try:
        return (datetime.fromisoformat(f"{text}+00:00") - _EPOCH) // timedelta(seconds=1)
    except ValueError:
        raise HeadError("The time names no moment.") from None


@lru_cache(maxsize=64)
def is_producer(name: str) -> bool:
    """Return whether a head may name ``name`` as its producer."""
    return _PRODUCER.fullmatch(name) is not None


def _read(fields: Mapping[str, object]) -> Head:
    missing, unknown = _REQUIRED - fields.keys(), fields.keys() - _READERS.keys()
    if missing or unknown:
        raise HeadError(f"The head has missing or unknown fields: {sorted(missing | unknown)}.")
    values: dict[str, Any] = {}
    for name, value in fields.items():
        try:
            values[name] = _READERS[name](value)
        except (HeadError, TypeError, ValueError, AttributeError):
            raise HeadError(f"The head's field {name!r} is malformed.") from None
    return Head(**values)


def _written(name: str, value: object) -> object:
    if name == "time" and isinstance(value, int):
        return format_time(value)
    if isinstance(value, Resource):
        return {"type": value.type} if value.id is None else {"type": value.type, "id": str(value.id)}
    if isinstance(value, tuple):
        return list(value) or None
    return str(value) if isinstance(value, (UUID, Outcome)) else value


def _matching(pattern: re.Pattern[str]) -> Callable[[Any], str]:
    def read(value: str) -> str:
        if pattern.fullmatch(value) is None:
            raise HeadError("The text has another form.")
        return value

    return read


def _uuid(value: str) -> UUID:
    read = UUID(value)
    if str(read) != value:
        raise HeadError("An id is written in lower case with hyphens.")
    return read


def _number(value: object) -> int:
    if type(value) is not int or not 0 <= value <= canonical.MAX_INT:
        raise HeadError("A number counts from 0.")
    return value


def _codes(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not value or not all(isinstance(code, str) and code for code in value):
        raise HeadError("Codes are a list of texts, left out when empty.")
    return tuple(value)


def _resource(value: object) -> Resource:
    if not isinstance(value, dict) or value.keys() - {"id"} != {"type"}:
        raise HeadError("A resource has a type and perhaps an id.")
    return Resource(type=_matching(_WORD)(value["type"]), id=_uuid(value["id"]) if "id" in value else None)


_READERS: Final[Mapping[str, Callable[[Any], object]]] = {
    "id": _uuid,
    "time": parse_time,
    "action": _matching(_ACTION),
    "outcome": Outcome,
    "reasons": _codes,
    "flags": _codes,
    "actor": _uuid,
    "resource": _resource,
    "request": _uuid,
    "grant": _uuid,
    "decision": _uuid,
    "evaluation": _uuid,
    "policy": _matching(_DIGEST),
    "producer": _matching(_PRODUCER),
    "number": _number,
    "retention": _matching(_WORD),
    "state": _matching(_DIGEST),
    "body": _matching(_DIGEST),
}
_REQUIRED: Final = frozenset({"id", "time", "action", "outcome", "producer", "number", "retention"})
