"""Gives the room of removed bodies back: to the file system on SQLite, to later entries on PostgreSQL.

PostgreSQL's own autovacuum makes the room free for new rows; only ``VACUUM FULL`` or pg_repack, in an hour an
operator chooses, makes its files smaller. A SQLite log made before version 1 has no map of its free pages:
its room is used again, and one ``VACUUM`` while nothing runs makes the file smaller from then on.
"""

from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncEngine

PAGES_AT_ONCE: Final = 4_000


async def give_back(engine: AsyncEngine) -> int:
    """Shrink the log's SQLite file by its free pages, a few thousand at a time; return how many."""
    given = 0
    while engine.dialect.name == "sqlite" and (freed := await _shrink(engine)):
        given += freed
    return given


async def _shrink(engine: AsyncEngine) -> int:
    """Free at most ``PAGES_AT_ONCE`` pages: whoever appends waits for one such step at most."""
    async with engine.connect() as connection:
        driver: Any = (await connection.get_raw_connection()).driver_connection
        before = await _count_free(driver)
        if before:
            # The statement frees one page each time it is stepped, so it has to be read to its end.
            await driver.execute_fetchall(f"PRAGMA incremental_vacuum({PAGES_AT_ONCE})")
        return before - await _count_free(driver)


async def _count_free(driver: Any) -> int:  # noqa: ANN401 - the driver's own class
    ((count,),) = await driver.execute_fetchall("PRAGMA freelist_count")
    return int(count)
