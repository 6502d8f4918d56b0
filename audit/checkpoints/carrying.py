"""What acts of a former log said of rows, stated again in the first entries of the log that follows it.

The comparison of rows with the log asks for the act behind each version of history. Those acts stay in the
former log, so the new one begins with one entry for each: the act's own id, the state it wrote, and where the
former log proves it. Only what leads to the former log's signed root is carried over.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from audit.checkpoints.checkpoint import Checkpoint
from audit.entry_rows import OUTBOX_PRODUCER, Pending
from audit.errors import AuditError
from audit.event import Event
from audit.events import Action
from audit.head import Head
from audit.log import Log
from audit.models import entry
from audit.record import Record, seal
from audit.subjects.keyring import MemoryKeyRing
from audit.tree.merkle import Frontier, leaf_hashes

_AT_ONCE: Final = 5_000
_STATE: Final = b'"state":"'


class FormerAlteredError(AuditError):
    """The former log's entries do not lead to the root that was signed over them."""

    def __init__(self, size: int) -> None:
        super().__init__(f"The former log's first {size:,} entries are not those that were signed.")


@dataclass(frozen=True, slots=True)
class Stated:
    """One act of the former log that wrote rows."""

    event_id: UUID
    state: str
    index: int
    leaf: bytes

    def record(self, now: int) -> Record:
        """Return the entry that states it again."""
        event = Event(
            id=self.event_id,
            action=Action.LOG_CARRY,
            actor=None,
            state=self.state,
            flags=(f"former_index:{self.index}", f"former_leaf:{self.leaf.hex()}"),
        )
        return seal(event, time=now, keys=MemoryKeyRing())


async def read_stated(former: AsyncEngine, signed: Checkpoint) -> list[Stated]:
    """Return every act under ``signed`` that wrote rows, in order, once all entries were hashed.

    Raises:
        FormerAlteredError: they do not lead to the signed root.
    """
    frontier, found = Frontier(), list[Stated]()
    async with former.connect() as connection:
        async for heads in _heads(connection, signed.size):
            leaves = leaf_hashes(heads)
            found += _stated(heads, leaves, frontier.size)
            frontier.extend(leaves)
    if (frontier.size, frontier.root()) != (signed.size, signed.root):
        raise FormerAlteredError(signed.size)
    return found


async def carry_over(log: Log, found: Sequence[Stated], now: int) -> None:
    """Append what was stated; to be called by whoever holds the log, right after its first entry."""
    for start in range(0, len(found), _AT_ONCE):
        some = found[start : start + _AT_ONCE]
        # In the outbox's name: that is where the comparison looks for what acts said of rows.
        await log.append([Pending(one.record(now), OUTBOX_PRODUCER) for one in some])


async def _heads(connection: AsyncConnection, size: int) -> AsyncIterator[list[bytes]]:
    for start in range(0, size, _AT_ONCE):
        within = sa.and_(entry.c.index >= start, entry.c.index < min(start + _AT_ONCE, size))
        rows = await connection.execute(sa.select(entry.c.head).where(within).order_by(entry.c.index))
        yield [bytes(head) for (head,) in rows]


def _stated(heads: Sequence[bytes], leaves: Sequence[bytes], first: int) -> list[Stated]:
    found = []
    for at, data in enumerate(heads):
        head = Head.parse(data) if _STATE in data else None
        if head is not None and head.state is not None:
            found.append(Stated(head.id, head.state, first + at, leaves[at]))
    return found
