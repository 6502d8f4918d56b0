from datetime import UTC, datetime, timedelta

import pytest

from audit.query.ranges import read_indexes, read_times
from audit.query.tree import Range

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def at(*moment: int) -> int:
    return (datetime(*moment, tzinfo=UTC) - EPOCH) // timedelta(microseconds=1)  # type: ignore[misc,arg-type]


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2026-05-04", at(2026, 5, 4), at(2026, 5, 5) - 1),
        ("2026-05-04T10:30Z", at(2026, 5, 4, 10, 30), at(2026, 5, 4, 10, 31) - 1),
        ("2026-05-04T10:30:07Z", at(2026, 5, 4, 10, 30, 7), at(2026, 5, 4, 10, 30, 8) - 1),
        ("2026-05-04T10:30:07.5Z", at(2026, 5, 4, 10, 30, 7, 500_000), at(2026, 5, 4, 10, 30, 7, 599_999)),
        ("2026-05-04T10:30:07.000001Z", at(2026, 5, 4, 10, 30, 7, 1), at(2026, 5, 4, 10, 30, 7, 1)),
        ("2026-05-01..2026-05-31", at(2026, 5, 1), at(2026, 6, 1) - 1),
        ("2026-05-01..2026-05-01T12:00Z", at(2026, 5, 1), at(2026, 5, 1, 12, 1) - 1),
        ("2026-05-01..", at(2026, 5, 1), None),
        ("..2026-05-01", None, at(2026, 5, 2) - 1),
    ],
)
def test_a_time_means_all_of_what_is_written(text: str, first: int | None, last: int | None) -> None:
    assert read_times(text) == Range(first, last)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("7", 7),
        ("7..9", Range(7, 9)),
        ("7..7", Range(7, 7)),
        ("7..", Range(7, None)),
        ("..9", Range(None, 9)),
    ],
)
def test_indexes_are_one_or_a_range(text: str, value: int | Range) -> None:
    assert read_indexes(text) == value


@pytest.mark.parametrize("text", ["", "..", "9..7", "a", "7..b", "7...9", "-1", "\u0667", "7..8..9"])
def test_what_is_no_index_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the sentence is the field's
        read_indexes(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "..",
        "2026-13-01",
        "2026-05-04T25:00Z",
        "2026-05-04T10:30",
        "2026-05-04T10Z",
        "2026-05-05..2026-05-04",
        "4.5.",
    ],
)
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the sentence is the field's
        read_times(text)
