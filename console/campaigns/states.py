"""Where a round of review stands: overdue, or left in silence, is never shown as well."""

from typing import Final

OVERDUE: Final = "overdue"


def campaign_state(*, due: int, closed: int | None, still_open: int, lapsed: int, now: int) -> str:
    """Return `running`, `overdue`, `complete` (all answered in time) or `lapsed` (some were not).

    Overdue is also what is past its due date and not closed yet, whoever may be late with that.
    """
    if closed is None:
        return OVERDUE if due <= now else "running"
    return "lapsed" if lapsed or still_open else "complete"
