"""The head of an event that waits for its place, written as bytes in one go.

What is not in the common form is left to audit.head, which says what is wrong with it, or that nothing is.
"""

from functools import lru_cache
from uuid import UUID

import orjson

from audit.errors import AuditError
from audit.event import Event, Outcome, Resource
from audit.events import EVENT_TYPES
from audit.forms import CODE, DIGEST, LONGEST_PLACE, WORD
from audit.head import HEAD_VERSION, MAX_HEAD, format_time


def write_head(event: Event, time: int, spare: int) -> bytes | None:
    """Return the record's head of an event that happened at ``time``, canonical, ``spare`` bytes left free.

    None when it is not in the common form, or does not fit. What is written matches ``audit.forms.HEAD``.
    """
    if (fields := _fields(event, time)) is None:
        return None
    try:
        data = orjson.dumps(fields, option=orjson.OPT_SORT_KEYS)
    except orjson.JSONEncodeError:
        return None
    return data if len(data) + LONGEST_PLACE + spare <= MAX_HEAD else None


def _fields(event: Event, time: int) -> dict[str, object] | None:
    """Return the head's fields, or None; ids as they are, since the writer spells them as str() does."""
    try:
        written = format_time(time)
    except AuditError:
        return None
    fields: dict[str, object] = {
        "v": HEAD_VERSION,
        "id": event.id,
        "time": written,
        "action": event.action,
        "outcome": event.outcome,
        "retention": EVENT_TYPES[event.action].retention,
    }
    fits = type(event.id) is UUID and type(event.outcome) is Outcome
    fits = fits and _add_references(fields, event) and _add_resource(fields, event.resource)
    return fields if fits and _add_codes(fields, event) else None


def _add_references(fields: dict[str, object], event: Event) -> bool:
    for name, value in (
        ("actor", event.actor),
        ("request", event.request),
        ("grant", event.grant),
        ("decision", event.decision),
        ("evaluation", event.evaluation),
    ):
        if value is not None:
            if type(value) is not UUID:
                return False
            fields[name] = value
    for name, digest in (("policy", event.policy), ("state", event.state)):
        if digest is not None:
            if not _is_digest(digest):
                return False
            fields[name] = digest
    return True


def _add_resource(fields: dict[str, object], resource: Resource | None) -> bool:
    if resource is None:
        return True
    fields["resource"] = {"type": resource.type}
    if resource.id is not None:
        fields["resource"] = {"type": resource.type, "id": resource.id}
    return _is_word(resource.type) and (resource.id is None or type(resource.id) is UUID)


def _add_codes(fields: dict[str, object], event: Event) -> bool:
    for name, codes in (("reasons", event.reasons), ("flags", event.flags)):
        if codes:
            fields[name] = codes
            if not all(type(code) is str and CODE.fullmatch(code) for code in codes):
                return False
    return True


# Policies and kinds of resources are few, and asked for with every call.
@lru_cache(maxsize=256)
def _is_digest(text: str) -> bool:
    return type(text) is str and DIGEST.fullmatch(text) is not None


@lru_cache(maxsize=256)
def _is_word(text: str) -> bool:
    return type(text) is str and WORD.fullmatch(text) is not None
