"""Moves the subject keys of an older installation out of its main database, once.

Until main revision 5 they lay in a table beside the bodies they open, and so in every backup of them.
"""

from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.ext.asyncio import AsyncEngine

from audit.database import for_writing
from audit.models import key_owner, subject_key
from audit.subjects.subject_keys import insert_unless_there

_OLD = subject_key.to_metadata(sa.MetaData())


async def move_keys(main: AsyncEngine, keys: AsyncEngine, owner: UUID | None) -> int:
    """Copy what lies in the main database's old table into ``owner``'s key store, then empty it.

    Copied and committed first: ended in between, the next run finds the same keys there and goes on.

    Returns:
        How many keys were moved.
    """
    async with for_writing(main).begin() as connection:
        if not await connection.run_sync(_has_old):
            return 0
        rows = (await connection.execute(sa.select(_OLD))).mappings().all()
        if rows:
            await _copy(keys, rows, owner)
            await connection.execute(_OLD.delete())
    return len(rows)


async def _copy(keys: AsyncEngine, rows: Sequence[sa.RowMapping], owner: UUID | None) -> None:
    async with for_writing(keys).begin() as connection:
        for row in rows:
            await insert_unless_there(connection, subject_key, "subject", dict(row))
        if owner is not None:
            await insert_unless_there(connection, key_owner, "id", {"id": 1, "installation": owner})


def _has_old(connection: Connection) -> bool:
    return sa.inspect(connection).has_table(_OLD.name)
