"""How much a removal or a hold is about, counted in the log, up to a bound: for people who decide."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from audit.custody.holds import Hold, held
from audit.models import body, entry, prune_cursor

MOST: Final = 100_000
"""Counting stops here: what is asked of people does not depend on the digits after it."""


@dataclass(frozen=True, slots=True)
class Extent:
    """How many entries, at most ``MOST``, and from which index to which; no indexes when there are none."""

    count: int
    first: int | None
    last: int | None

    def sentence(self) -> str:
        """Say it for people."""
        if not self.count:
            return "no entries"
        many = f"more than {MOST:,} entries" if self.count >= MOST else f"{self.count:,} entries"
        return f"{'1 entry' if self.count == 1 else many}, from {self.first} to {self.last}"


async def removable(engine: AsyncEngine, retention: str, before: int, holds: Sequence[Hold]) -> Extent:
    """Return whose details of a class, from before a moment, would go now; what is held is left out."""
    chosen = (
        sa.select(entry.c.index)
        .join(body, body.c.index == entry.c.index)
        .where(body.c.retention == retention, entry.c.time < before, sa.not_(held(holds)))
    )
    return await _extent(engine, chosen.order_by(entry.c.index))


async def covered(engine: AsyncEngine, hold: Hold) -> Extent:
    """Return which entries a hold covers."""
    return await _extent(engine, sa.select(entry.c.index).where(hold.condition()))


async def acts_of(engine: AsyncEngine, person: UUID) -> Extent:
    """Return which entries are acts of a person."""
    return await _extent(engine, sa.select(entry.c.index).where(entry.c.actor == person))


async def holds_about(engine: AsyncEngine, person: UUID, holds: Sequence[Hold]) -> bool:
    """Say whether a held entry tells of a person: as actor, as what was acted on, or in a part of its own."""
    if any(hold.actor == person for hold in holds):
        return True
    if not holds:
        return False
    place = sa.func.instr if engine.dialect.name == "sqlite" else sa.func.pg_catalog.position
    needle = sa.literal(f'"subject":"{person}"'.encode())
    about = sa.or_(entry.c.actor == person, entry.c.resource_id == person, place(body.c.parts, needle) > 0)
    chosen = sa.select(entry.c.index).outerjoin(body, body.c.index == entry.c.index)
    async with engine.connect() as connection:
        return (await connection.execute(chosen.where(held(holds), about).limit(1))).first() is not None


async def removed_until(engine: AsyncEngine) -> dict[str, int]:
    """Return by class the index below which every body is removed or held."""
    async with engine.connect() as connection:
        rows = await connection.execute(sa.select(prune_cursor.c.retention, prune_cursor.c.next_index))
        return {str(row.retention): int(row.next_index) for row in rows}


async def _extent(engine: AsyncEngine, chosen: sa.Select[tuple[int]]) -> Extent:
    some = chosen.limit(MOST).subquery()
    counted = sa.select(sa.func.count(), sa.func.min(some.c.index), sa.func.max(some.c.index))
    async with engine.connect() as connection:
        count, first, last = (await connection.execute(counted)).one()
    return Extent(count, first, last)
