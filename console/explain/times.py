"""Moments as people and programs write them: a day, a minute or an instant, in UTC."""

from datetime import UTC, datetime
from typing import Final

from console.errors import InvalidInputError
from console.explain.history import Moment

THEN: Final = "then"
NOW: Final = "now"
_SENTENCE: Final = "Write a day such as 2026-05-04, or a time such as 2026-05-04T12:00:00Z (UTC)."


def read_moment(at: str, known: str, now: int) -> Moment:
    """Return the moment that is asked about. Nothing said is now; `known` may be `then` or `now`.

    Raises:
        InvalidInputError: one of the two is no time; names it.
    """
    valid = read_time(at, "at", now)
    return Moment(valid, valid if known == THEN else read_time(known, "known", now))


def read_time(text: str, field: str, now: int) -> int:
    """Return microseconds UTC of an RFC 3339 time, or of the first instant of a day or minute in UTC.

    Raises:
        InvalidInputError: it is none; names `field`.
    """
    if text.strip() in {"", NOW}:
        return now
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        raise InvalidInputError("This is no time.", ("invalid_time",), {field: _SENTENCE}) from None
    aware = found.replace(tzinfo=UTC) if found.tzinfo is None else found
    since = aware - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
