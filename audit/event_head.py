"""The head of an event that waits for its place, written as bytes in one go.

What is not in the common form is left to audit.head, which says what is wrong with it, or that nothing is.
"""

from typing import Final

import orjson

from audit.errors import AuditError
from audit.event import Event
from audit.events import EVENT_TYPES
from audit.forms import HEAD, LONGEST_PLACE
from audit.head import HEAD_VERSION, MAX_HEAD, format_time

_REFERENCES: Final = ("actor", "request", "grant", "decision", "evaluation", "policy", "state")


def write_head(event: Event, time: int, spare: int) -> bytes | None:
    """Return the record's head of an event that happened at ``time``, canonical, ``spare`` bytes left free.

    None when it is not in the common form, or does not fit.
    """
    codes = event.reasons + event.flags
    if codes and not all(type(code) is str for code in codes):
        return None
    try:
        data = orjson.dumps(_fields(event, time), option=orjson.OPT_SORT_KEYS)
        fits = len(data) + LONGEST_PLACE + spare <= MAX_HEAD
        return data if fits and HEAD.fullmatch(data.decode("ascii")) else None
    except (AuditError, orjson.JSONEncodeError, UnicodeDecodeError):
        return None


def _fields(event: Event, time: int) -> dict[str, object]:
    """Return the head's fields; ids as they are, since the writer spells them as str() does."""
    fields: dict[str, object] = {
        "v": HEAD_VERSION,
        "id": event.id,
        "time": format_time(time),
        "action": event.action,
        "outcome": event.outcome,
        "retention": EVENT_TYPES[event.action].retention,
    }
    for name in _REFERENCES:
        if (value := getattr(event, name)) is not None:
            fields[name] = value
    if event.reasons:
        fields["reasons"] = event.reasons
    if event.flags:
        fields["flags"] = event.flags
    if (resource := event.resource) is not None:
        known = {"type": resource.type, "id": resource.id}
        fields["resource"] = known if resource.id is not None else {"type": resource.type}
    return fields
