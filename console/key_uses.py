"""When keys were last used: noted in memory at each call, written at most once a minute for each key.

It is no part of the record (every call has its entry), so it costs a call neither a transaction nor a wait.
"""

import asyncio
import logging
from typing import Final
from uuid import UUID

from sqlalchemy.exc import DBAPIError

from console.clock import MICROSECONDS, Clock
from console.database import Database
from sso.models import ApiKeyUse

EVERY: Final = 60 * MICROSECONDS
MOST_REMEMBERED: Final = 50_000
logger = logging.getLogger("guildhall")


class KeyUses:
    """The last uses that this process has seen."""

    def __init__(self, database: Database, clock: Clock) -> None:
        """Write to `database`; nothing runs before the first use."""
        self._database, self._clock = database, clock
        self._written: dict[UUID, int] = {}
        self._waiting: dict[UUID, int] = {}
        self._writing: asyncio.Task[None] | None = None

    def note(self, key_id: UUID, now: int) -> None:
        """Remember that a key was used at `now`."""
        if now - self._written.get(key_id, 0) < EVERY:
            return
        if len(self._written) >= MOST_REMEMBERED:
            self._written.clear()
        self._written[key_id] = self._waiting[key_id] = now
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write())

    async def stop(self) -> None:
        """Write what waits; call when the process ends."""
        if self._writing is not None:
            await self._writing
            self._writing = None

    async def _write(self) -> None:
        while self._waiting:
            waiting, self._waiting = self._waiting, {}
            try:
                async with self._database.write() as session:
                    for key_id, at in waiting.items():
                        await session.merge(ApiKeyUse(key_id=key_id, at=at))
            except DBAPIError:
                logger.warning("when %d keys were last used could not be written", len(waiting))
