"""The one clock of the product: integer microseconds UTC inside, RFC 3339 outside."""

import time
from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], int]
"""Returns now in integer microseconds since 1970-01-01 UTC."""

MICROSECONDS = 1_000_000
DAY = 86_400 * MICROSECONDS


def system_clock() -> int:
    """Return the host's time in microseconds UTC."""
    return time.time_ns() // 1_000


def seconds(moment: int) -> int:
    """Return whole seconds of `moment` (microseconds), the unit policy documents use."""
    return moment // MICROSECONDS


def to_text(moment: int) -> str:
    """Write `moment` (microseconds UTC) as RFC 3339 with six digits and Z."""
    stamp = datetime.fromtimestamp(moment // MICROSECONDS, UTC)
    return f"{stamp:%Y-%m-%dT%H:%M:%S}.{moment % MICROSECONDS:06d}Z"
