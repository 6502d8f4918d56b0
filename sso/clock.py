"""Time as sign-in sees it: the product's clock counts microseconds, claims count seconds."""

from collections.abc import Callable

Clock = Callable[[], int]
"""Returns now in integer microseconds since 1970-01-01 UTC."""

MICROSECONDS = 1_000_000
CLOCK_SKEW = 30
"""Seconds by which two honest clocks may differ."""


def seconds(moment: int) -> int:
    """Return whole seconds of `moment` (microseconds): the NumericDate of RFC 7519 section 2."""
    return moment // MICROSECONDS
