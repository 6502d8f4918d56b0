"""How long the details of an entry are kept, by retention class. Heads and hash tiles are kept for ever.

The floor lies in code, below every policy and setting: six months (EU AI Act, Regulation (EU) 2024/1689,
Articles 19(1) and 26(6)), counted as 184 days, the longest six months there are. It holds for every class,
so no tier of model can be put below it.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, get_args

from audit.errors import AuditError
from audit.events.declared import Retention

CLASSES: Final[tuple[str, ...]] = get_args(Retention)
FLOOR_DAYS: Final = 184
MOST_DAYS: Final = 36_525
MICROSECONDS_A_DAY: Final = 86_400_000_000
DEFAULT_DAYS: Final[Mapping[str, int]] = MappingProxyType(
    {"admin": 2_557, "auth": 731, "invoke": 396, "audit": 2_557}
)
"""Seven years, two years, thirteen months, seven years; in force, and removing anything, once approved."""


class RetentionError(AuditError):
    """A retention that is not allowed; the sentence says why."""


def check_days(retention: str, days: int) -> None:
    """Refuse a number of days outside the bounds.

    Raises:
        RetentionError: no such class, or less than the floor, or more than a hundred years.
    """
    if retention not in CLASSES:
        raise RetentionError(f"A retention class is one of {', '.join(CLASSES)}.")
    if days < FLOOR_DAYS:
        raise RetentionError(
            f"Details are kept for at least {FLOOR_DAYS} days (EU AI Act, Articles 19 and 26), not {days}."
        )
    if days > MOST_DAYS:
        raise RetentionError(f"Details are kept for at most {MOST_DAYS} days, a hundred years.")


def oldest_kept(days: int, now: int) -> int:
    """Return the moment before which details are past a retention of ``days``; microseconds UTC."""
    return now - days * MICROSECONDS_A_DAY
