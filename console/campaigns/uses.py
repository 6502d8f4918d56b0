"""How grants are used: counted from the log, by a cursor, so that no call waits for it."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col, delete, select
from sqlmodel.ext.asyncio.session import AsyncSession

from audit.events import Action
from audit.models import entry
from console.models import GrantUse, GrantUseCursor
from console.services import Services
from policy.grants import MICROSECONDS_A_DAY

MONTH: Final = 30
KEPT: Final = 400
"""Days for which uses are kept: the last use of every grant that could still hold."""
AT_ONCE: Final = 5000


@dataclass(frozen=True, slots=True)
class Use:
    """When a grant was last used (microseconds; None for never), and its calls in the last 30 days."""

    last: int | None = None
    calls: int = 0


NEVER: Final = Use()


async def count_uses(services: Services) -> int:
    """Count the calls that the log has taken in since the last time; return how many.

    Raises:
        DBAPIError: a database does not answer.
    """
    async with services.database.read() as session:
        cursor = await session.get(GrantUseCursor, 1)
    after, counted = cursor.index if cursor else -1, 0
    while True:
        rows = await _calls(services, after)
        if not rows:
            return counted
        after = rows[-1][0]
        await _add(services, [(grant, time) for _, grant, time in rows], after)
        counted += len(rows)


async def uses_of(session: AsyncSession, grants: Collection[UUID], now: int) -> Mapping[UUID, Use]:
    """Return how each grant is used; what was never called is not in it."""
    since = now // MICROSECONDS_A_DAY - MONTH
    recent = sa.case((col(GrantUse.day) > since, col(GrantUse.calls)), else_=0)
    query = (
        select(GrantUse.grant_id, sa.func.max(GrantUse.last), sa.func.sum(recent))
        .where(col(GrantUse.grant_id).in_(grants))
        .group_by(col(GrantUse.grant_id))
    )
    return {grant: Use(int(last), int(calls)) for grant, last, calls in await session.exec(query)}


async def _calls(services: Services, after: int) -> Sequence[tuple[int, UUID, int]]:
    chosen = (
        sa.select(entry.c.index, entry.c.grant_id, entry.c.time)
        .where(entry.c.action == Action.MODEL_INVOKE.value, entry.c.index > after)
        .where(entry.c.grant_id.is_not(None), entry.c.outcome != "denied")
        .order_by(entry.c.index)
        .limit(AT_ONCE)
    )
    async with services.log.engine.connect() as connection:
        return [(row[0], row[1], row[2]) for row in await connection.execute(chosen)]


async def _add(services: Services, calls: Sequence[tuple[UUID, int]], cursor: int) -> None:
    sums: dict[tuple[UUID, int], list[int]] = defaultdict(list)
    for grant, time in calls:
        sums[grant, time // MICROSECONDS_A_DAY].append(time)
    async with services.database.write() as session:
        for (grant, day), times in sums.items():
            row = await session.get(GrantUse, (grant, day)) or GrantUse(
                grant_id=grant, day=day, calls=0, last=0
            )
            row.calls, row.last = row.calls + len(times), max(row.last, *times)
            session.add(row)
        await session.merge(GrantUseCursor(id=1, index=cursor))
        oldest = services.clock() // MICROSECONDS_A_DAY - KEPT
        await session.exec(delete(GrantUse).where(col(GrantUse.day) < oldest))
