"""The canonical row of the active policy: which revision decides, and the change that made it so."""

from console.work import Row
from policy.models import ActivePolicy


def active_row(active: ActivePolicy, now: int) -> Row:
    """Return the active policy as history keeps it."""
    state = {
        "revision": active.revision,
        "previous": active.previous,
        "change_id": str(active.change_id),
        "activated": active.activated,
    }
    return Row("active_policy", active.id, state, now)
