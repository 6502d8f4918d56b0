"""Has an outside authority stamp the log's checkpoints with the time, now and then, beside the signing.

What is stamped are the three lines of the checkpoint: origin, size, root. Signatures may come and go beside
them; the stamp proves that this very tree existed by then, also to whoever doubts our key.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Final, Protocol

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from audit.checkpoints.note import parse_note
from audit.database import for_writing
from audit.errors import AuditError
from audit.heads.state import write_state
from audit.models import timestamp_token
from audit.reader import LogReader
from audit.waiting import rest

NAME: Final = "Time stamp authority"
PATIENCE: Final = 30.0
LOOK_EVERY: Final = 10.0
_NEWEST: Final = sa.select(timestamp_token.c.size, timestamp_token.c.time).order_by(
    timestamp_token.c.size.desc()
)

logger = logging.getLogger(__name__)


class Authority(Protocol):
    """Whoever stamps."""

    async def stamp(self, data: bytes) -> bytes:
        """Return the verified RFC 3161 answer over ``data``.

        Raises:
            AuditError: there is none.
        """
        ...


class Stamping:
    """Stamps the newest checkpoint every ``every`` microseconds while the log grows."""

    def __init__(
        self, authority: Authority, engine: AsyncEngine, clock: Callable[[], int], *, every: int
    ) -> None:
        """``clock`` tells microseconds UTC."""
        self._authority = authority
        self._engine = engine
        self._reader = LogReader(engine)
        self._clock = clock
        self._every = every

    async def run(self, stop: asyncio.Event) -> None:
        """Look until ``stop`` is set; an outage is waited out."""
        while not stop.is_set():
            try:
                await self.run_once()
            except DBAPIError:
                logger.exception("The newest checkpoint could not be stamped")
            await rest(stop, LOOK_EVERY)

    async def run_once(self) -> int | None:
        """Stamp when it is time; return the size that was stamped."""
        signed, now = await self._reader.latest_checkpoint(), self._clock()
        async with self._engine.connect() as connection:
            last = (await connection.execute(_NEWEST.limit(1))).one_or_none()
        if signed is None or (last and (last.size >= signed.size or now - last.time < self._every)):
            await self._keep(last.size if last else None, None)
            return None
        try:
            async with asyncio.timeout(PATIENCE):
                token = await self._authority.stamp(parse_note(signed.note.encode()).text.encode())
        except (AuditError, TimeoutError) as error:
            await self._keep(None, str(error) or "The time stamp authority did not answer in time.")
            return None
        async with for_writing(self._engine).begin() as connection:
            row = {"size": signed.size, "token": token, "time": now}
            await connection.execute(timestamp_token.insert().values(**row))
        await self._keep(signed.size, None)
        return signed.size

    async def _keep(self, size: int | None, trouble: str | None) -> None:
        if trouble is not None:
            logger.warning("A time stamp: %s", trouble)
        await write_state(self._engine, NAME, "timestamp", self._clock(), size=size, trouble=trouble)
