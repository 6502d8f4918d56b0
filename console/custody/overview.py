"""The page of everything kept: how long, what is held, and what waits for a second person."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from console.changes.forms import ChangeItem
from console.changes.queries import list_changes
from console.custody.forms import HoldRead, RetentionRead
from console.custody.queries import list_holds, read_retention
from console.questions import Resource
from console.web.listing import cursor
from console.web.pagination import next_href
from console.work import UnitOfWork
from policy.models import ChangeKind
from policy.permissions import Permission

KINDS: Final = (
    ChangeKind.ERASURE,
    ChangeKind.HOLD_RELEASE,
    ChangeKind.LOG_KEY,
    ChangeKind.PRUNE,
    ChangeKind.RETENTION,
    ChangeKind.SINK,
)
"""The changes of what is kept."""


@dataclass(frozen=True, slots=True)
class RecordsPage:
    """What the page shows; `may_ask` are the kinds of change this person may ask for."""

    retention: Sequence[RetentionRead]
    holds: Sequence[HoldRead]
    changes: Sequence[ChangeItem]
    more: str | None
    may_ask: frozenset[str]
    may_hold: bool


async def open_records(work: UnitOfWork, after: str = "") -> RecordsPage:
    """Return the page.

    Raises:
        RefusedError: the caller reads nothing of what is kept.
    """
    retention, holds = await read_retention(work), await list_holds(work)
    page = await list_changes(work, None, cursor(after, 1), kinds=KINDS)
    may_ask = [kind.value for kind in KINDS if await _may_ask(work, kind)]
    return RecordsPage(
        retention=retention,
        holds=holds,
        changes=page.items,
        more=next_href("/records", (), page),
        may_ask=frozenset(may_ask),
        may_hold=await work.allowed(Permission.HOLD_CREATE, Resource("hold")),
    )


async def _may_ask(work: UnitOfWork, kind: ChangeKind) -> bool:
    return await work.allowed(Permission.CHANGE_CREATE, Resource("change", None, {"kind": kind.value}))
