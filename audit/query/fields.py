"""What can be asked of the log: each field, what its values look like, and how one is read."""

import difflib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from uuid import UUID

from audit.query.ranges import read_indexes, read_times
from audit.query.tree import Name, Prefix, QueryError, Value

ACTION = re.compile(r"[a-z_]+(?:\.[a-z_]+){1,2}")
ACTION_START = re.compile(r"[a-z_]+(?:\.[a-z_]*){0,2}")
PRODUCER = re.compile(r"[A-Za-z0-9._:-]{1,64}")
RESOURCE_TYPE = re.compile(r"[a-z_]{1,40}")
OUTCOMES = ("denied", "failure", "success", "unknown")
MAX_NAME = 200


class BadValueError(ValueError):
    """A value of the wrong shape; the parser adds the column."""


@dataclass(frozen=True, slots=True)
class Written:
    """A value as it was typed; one that was quoted means itself, character by character."""

    text: str
    quoted: bool = False


Reader = Callable[[Written], Value]


@dataclass(frozen=True, slots=True)
class Field:
    """A field of the language: the column of the table ``entry`` it asks, and the reader of its values."""

    name: str
    column: str
    meaning: str
    read: Reader


def read_action(written: Written) -> Value:
    """Read an action, or the start of one before a final ``*``."""
    if written.text.endswith("*") and not written.quoted:
        if ACTION_START.fullmatch(written.text[:-1]):
            return Prefix(written.text[:-1])
    elif ACTION.fullmatch(written.text):
        return written.text
    raise BadValueError('an action looks like model.invoke, or model.* for all that begin with "model."')


def read_outcome(written: Written) -> Value:
    """Read one of the four outcomes."""
    if written.text in OUTCOMES:
        return written.text
    raise BadValueError(
        f"an outcome is {', '.join(OUTCOMES[:-1])} or {OUTCOMES[-1]}{nearest(written.text, OUTCOMES)}"
    )


def read_id(written: Written) -> Value:
    """Read a UUID in its usual form with dashes (RFC 9562 section 4)."""
    found = as_id(written.text)
    if found is None:
        raise BadValueError("an id looks like 0198c1a2-7c3e-7b11-9d52-4f0a6f1f2e3d")
    return found


def read_id_or_name(written: Written) -> Value:
    """Read a UUID, or else a name that is looked up when the query is asked."""
    if not 0 < len(written.text) <= MAX_NAME:
        raise BadValueError(f"a name has 1 to {MAX_NAME} characters")
    return as_id(written.text) or Name(written.text)


def read_index(written: Written) -> Value:
    """Read the index of an entry, counted from 0, or a range of indexes."""
    try:
        return read_indexes(written.text)
    except ValueError:
        raise BadValueError("an index is a whole number from 0, such as 1042, or 1042..1099") from None


def read_time(written: Written) -> Value:
    """Read a day, a moment or a range of them, UTC."""
    try:
        return read_times(written.text)
    except ValueError:
        example = "2026-10-01, 2026-10-01T09:30Z or 2026-10-01..2026-10-31"
        raise BadValueError(f"a time is a UTC day, a moment or a range: {example}") from None


def read_producer(written: Written) -> Value:
    """Read the name of the spool or outbox that wrote the record."""
    if PRODUCER.fullmatch(written.text):
        return written.text
    raise BadValueError("a producer's name has 1 to 64 letters, digits and . _ : -")


def read_resource_type(written: Written) -> Value:
    """Read a type of resource."""
    if RESOURCE_TYPE.fullmatch(written.text):
        return written.text
    raise BadValueError("a type of resource looks like route or access_request")


FIELDS: Mapping[str, Field] = MappingProxyType(
    {
        field.name: field
        for field in (
            Field("action", "action", "what was done, exactly or by its start", read_action),
            Field("actor", "actor", "who did it: an id or a handle", read_id_or_name),
            Field("decision", "decision", "the policy decision it rests on", read_id),
            Field("grant", "grant_id", "the grant it used or touched", read_id),
            Field("id", "id", "the event's id", read_id),
            Field("index", "index", "the entry's place in the log, or a range of places", read_index),
            Field("outcome", "outcome", "how it ended", read_outcome),
            Field("producer", "producer", "the spool or outbox that wrote the record", read_producer),
            Field("request", "request", "the access request it belongs to", read_id),
            Field("resource", "resource_id", "what it was done to: an id or a route's name", read_id_or_name),
            Field("time", "time", "when it happened: a UTC day, a moment, or a range a..b", read_time),
            Field("type", "resource_type", "the type of what it was done to", read_resource_type),
        )
    }
)


def read_value(name: str, written: Written, column: int) -> Value:
    """Return the value of field ``name``.

    Raises:
        QueryError: the field does not exist (the nearest is suggested), or the value has the wrong shape.
    """
    field = FIELDS.get(name)
    if field is None:
        offset = len(name) + 1
        raise QueryError(f'there is no field "{name}"{nearest(name, FIELDS)}', column - offset)
    try:
        return field.read(written)
    except BadValueError as error:
        raise QueryError(f"{error}", column) from None


def nearest(word: str, known: Mapping[str, object] | tuple[str, ...]) -> str:
    """Return the end of a sentence that suggests the known word most like ``word``, or nothing."""
    found = difflib.get_close_matches(word.lower()[:80], tuple(known), n=1, cutoff=0.5)
    return f"; did you mean {found[0]}?" if found else ""


def as_id(text: str) -> UUID | None:
    """Return ``text`` as a UUID, or None; only the form with dashes, of which there is one per id."""
    try:
        found = UUID(text)
    except ValueError:
        return None
    return found if str(found) == text.lower() else None
