"""Days as people give them, and the moments they begin at."""

from datetime import UTC, date, datetime

from console.clock import to_text

MICROSECONDS = 1_000_000


def start_of(day: date) -> int:
    """Return the first moment of a day, UTC, in microseconds."""
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) * MICROSECONDS


def day_of(moment: int) -> str:
    """Return the day (UTC) of a moment as 2026-05-04."""
    return to_text(moment)[:10]
