"""The worker's broom: what moved long ago, no reader asks for. One that was blind so long begins anew."""

import asyncio
import contextlib
import logging
from collections.abc import Mapping
from typing import Final

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlmodel import col

from console.database import Database
from console.models import Moved

KEPT_SECONDS: Final = 10 * 60
EVERY_SECONDS: Final = 60.0
# By the clock that wrote the rows, which is the database's.
_NOW: Final[Mapping[str, sa.ColumnElement[int]]] = {
    "sqlite": sa.literal_column("CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER)"),
    "postgresql": sa.literal_column("(extract(epoch FROM clock_timestamp()) * 1000000)::bigint"),
}
logger = logging.getLogger("guildhall.worker")


class Forgetting:
    """Removes what moved more than ten minutes ago."""

    def __init__(self, database: Database) -> None:
        """Sweep in `database`."""
        self._database = database

    async def sweep(self) -> int:
        """Remove once; return how many rows went.

        Raises:
            DBAPIError: the database does not answer.
        """
        old = col(Moved.at) < _NOW[self._database.engine.dialect.name] - KEPT_SECONDS * 1_000_000
        async with self._database.write() as session:
            return int((await session.exec(sa.delete(Moved).where(old))).rowcount)

    async def run(self, stop: asyncio.Event) -> None:
        """Sweep every minute until `stop` is set; an outage is waited out."""
        while not stop.is_set():
            try:
                await self.sweep()
            except DBAPIError:
                logger.exception("What moved long ago could not be removed")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), EVERY_SECONDS)
