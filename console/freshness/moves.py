"""What moved since a position: read from the table `moved`, whose rows come with the changes they tell of.

A position is everything that was committed when it was taken. On PostgreSQL that is a snapshot, because
numbers of a sequence become visible in another order than they were given: "higher than the last" would lose
a change for ever. SQLite has one writer, so there the number is enough.
"""

from dataclasses import dataclass
from typing import Final, NamedTuple

import sqlalchemy as sa
from sqlmodel.ext.asyncio.session import AsyncSession

MOST_READ: Final = 5_000
"""More than this at once, as a first synchronisation makes, counts as everything."""
ANY: Final = "*"


class Move(NamedTuple):
    """Something that moved, or that something depends on; `ANY` as the key stands for each of its kind."""

    kind: str
    key: str


@dataclass(frozen=True, slots=True)
class Moves:
    """What moved between two positions."""

    told: frozenset[Move] = frozenset()
    everything: bool = False

    def touch(self, depends: frozenset[Move]) -> bool:
        """Say whether anything of `depends` moved."""
        return self.everything or not self.told.isdisjoint(depends)

    def __bool__(self) -> bool:
        return self.everything or bool(self.told)


EVERYTHING: Final = Moves(everything=True)

_POSITION: Final = {
    "sqlite": "SELECT CAST(coalesce(max(sequence), 0) AS TEXT) FROM moved",
    "postgresql": "SELECT pg_current_snapshot()::text",
}
_SINCE: Final = {
    "sqlite": "SELECT DISTINCT kind, key FROM moved WHERE sequence > CAST(:since AS INTEGER) LIMIT :most",
    "postgresql": (
        "SELECT DISTINCT kind, key FROM moved, "
        "(SELECT CAST(CAST(:since AS text) AS pg_snapshot) AS old) AS held "
        "WHERE transaction_id >= pg_snapshot_xmin(old)::text::bigint "
        "AND NOT pg_visible_in_snapshot(transaction_id::text::xid8, old) LIMIT :most"
    ),
}


async def read_position(session: AsyncSession) -> str:
    """Return what is committed now, as text to give back to `read_moves`."""
    connection = await session.connection()
    return str(await connection.scalar(sa.text(_POSITION[connection.dialect.name])))


async def read_moves(session: AsyncSession, since: str) -> Moves:
    """Return what moved between the position `since` and the session's own snapshot."""
    connection = await session.connection()
    query = sa.text(_SINCE[connection.dialect.name])
    rows = (await connection.execute(query, {"since": since, "most": MOST_READ + 1})).all()
    if len(rows) > MOST_READ:
        return EVERYTHING
    told = {Move(row.kind, row.key) for row in rows}
    return Moves(frozenset(told | {Move(move.kind, ANY) for move in told}))
