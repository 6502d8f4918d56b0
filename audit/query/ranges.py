"""Ranges of indexes and of moments, both ends included and either end open; times are UTC.

A moment is written as a day (``2026-10-01``), or as RFC 3339 with ``Z`` down to minutes, seconds or parts of
one. Alone or at an end it means all of itself: the whole day, the whole minute.
"""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Final

from audit.query.tree import Range

SEPARATOR: Final = ".."
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_MOMENT: Final = re.compile(r"(\d{4}-\d\d-\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,6}))?)?Z)?", re.ASCII)
_INDEX: Final = re.compile(r"[0-9]{1,18}", re.ASCII)


def read_indexes(text: str) -> int | Range:
    """Read ``7``, ``7..9``, ``7..`` or ``..9``.

    Raises:
        ValueError: another form, or a range that ends before it begins.
    """
    if SEPARATOR not in text:
        return _index(text)
    first, last = _ends(text)
    return _range(_index(first) if first else None, _index(last) if last else None, text)


def read_times(text: str) -> Range:
    """Read a moment or a range of moments, as microseconds since 1970.

    Raises:
        ValueError: another form, no such moment, or a range that ends before it begins.
    """
    first, last = _ends(text) if SEPARATOR in text else (text, text)
    return _range(_moment(first)[0] if first else None, _moment(last)[1] if last else None, text)


def _range(first: int | None, last: int | None, text: str) -> Range:
    if first is None and last is None:
        raise ValueError("a range has at least one end")
    if first is not None and last is not None and last < first:
        raise ValueError("a range ends before it begins")
    return Range(first, last, text)


def _ends(text: str) -> tuple[str, str]:
    first, _, last = text.partition(SEPARATOR)
    return first, last


def _index(text: str) -> int:
    if _INDEX.fullmatch(text) is None:
        raise ValueError("not an index")
    return int(text)


def _moment(text: str) -> tuple[int, int]:
    """Return the first and the last microsecond of what is written."""
    found = _MOMENT.fullmatch(text)
    if found is None:
        raise ValueError("not a moment")
    day, hour, minute, second, part = found.groups()
    start = datetime.combine(date.fromisoformat(day), datetime.min.time(), UTC)
    start = start.replace(hour=int(hour or 0), minute=int(minute or 0), second=int(second or 0))
    first = (start - _EPOCH) // _MICROSECOND + int((part or "0").ljust(6, "0"))
    return first, first + _length(hour, second, part) - 1


def _length(hour: str | None, second: str | None, part: str | None) -> int:
    """Return how many microseconds the smallest written unit lasts."""
    if part is not None:
        return int(10 ** (6 - len(part)))
    if second is not None:
        return 1_000_000
    return 60_000_000 if hour is not None else 86_400_000_000
