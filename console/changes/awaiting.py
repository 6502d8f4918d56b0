"""Which changes wait for somebody's answer: what the rail counts, and what the first page shows."""

from collections.abc import Collection, Sequence
from typing import Final

from console.changes.forms import ChangeItem
from console.changes.queries import list_changes
from console.work import UnitOfWork
from policy.models import ChangeKind, ChangeState

MOST: Final = 200
"""So many pending changes are looked through; nobody has more of them open."""


async def list_awaited(work: UnitOfWork, kinds: Collection[ChangeKind] | None = None) -> Sequence[ChangeItem]:
    """Return the pending changes, of some kinds or all, that await the caller's answer, the oldest first."""
    pending = await list_changes(work, ChangeState.PENDING, None, MOST, kinds)
    return [item for item in reversed(pending.items) if item.asked]
