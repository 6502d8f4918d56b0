"""Removes what a database keeps of values that were overwritten or deleted: old pages, old row versions.

SQLite overwrites deleted content with zeros (``secure_delete``), but its write-ahead log still holds the
pages as they were: it is copied into the database and cut to nothing. PostgreSQL keeps old versions of a row
until a vacuum, and a plain one leaves their bytes in place: ``VACUUM FULL`` writes the table anew.
"""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine


async def sweep(engine: AsyncEngine, tables: Sequence[str]) -> bool:
    """Remove what is left of old values; on PostgreSQL of ``tables``, on SQLite of the whole file.

    Returns:
        False when a reader kept SQLite from cutting its write-ahead log: ask again later.
    """
    if engine.dialect.name == "sqlite":
        return await _cut_wal(engine)
    async with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        for table in tables:
            await connection.execute(sa.text(f'VACUUM FULL "{table}"'))
    return True


async def _cut_wal(engine: AsyncEngine) -> bool:
    # On the driver's own connection: a transaction that has begun would be in its own way.
    async with engine.connect() as connection:
        driver: Any = (await connection.get_raw_connection()).driver_connection
        async with driver.execute("PRAGMA wal_checkpoint(TRUNCATE)") as cursor:
            busy, _, _ = await cursor.fetchone()
    return bool(busy == 0)
