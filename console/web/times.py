"""Instants as people read them. Inside, time is integer microseconds since 1970, UTC."""

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def to_datetime(micros: int) -> datetime:
    """Return the instant as an aware datetime in UTC, without loss."""
    return EPOCH + timedelta(microseconds=micros)


def rfc3339(micros: int) -> str:
    """Return ``2026-11-22T06:00:12.000001Z``: RFC 3339 with six digits, as the log writes it."""
    return to_datetime(micros).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def utc(micros: int) -> str:
    """Return ``2026-11-22 06:00:12 UTC``, for reading."""
    return to_datetime(micros).strftime("%Y-%m-%d %H:%M:%S UTC")


def utc_day(micros: int) -> str:
    """Return ``22 Nov 2026``, for reading, where the hour does not matter."""
    return to_datetime(micros).strftime("%-d %b %Y")
