"""Removes details past their retention, class by class, the oldest first, and asks the holds meanwhile.

The order of locks is what keeps a hold and a removal apart: the main database's transaction takes the holds'
lock, the log's transaction appends the tombstone and removes inside it, and only then the first one ends.
An entry is past its retention when its own time is, and the log itself had it, signed, before that moment: a
clock that runs behind removes nothing early.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from audit.custody.authority import Permit, find_permits
from audit.custody.holds import Hold, active_holds, count_releases, held, lock_holds
from audit.custody.removal import Candidate, Removal, candidate
from audit.entry_rows import LOG_PRODUCER, Pending
from audit.log import Log
from audit.models import PruneJob, body, entry, prune_cursor
from audit.reader import LogReader
from audit.sequencer import MainSessions

AT_ONCE: Final = 5_000


@dataclass(frozen=True, slots=True)
class Pass:
    """What one step did: how many bodies were removed, how many were left for a hold."""

    removed: int
    held: int
    more: bool


class Pruner:
    """Removes; to be run while the log is held, in the one worker."""

    def __init__(
        self,
        sessions: MainSessions,
        log: Log,
        reader: LogReader,
        clock: Callable[[], int],
        *,
        at_once: int = AT_ONCE,
    ) -> None:
        self._sessions = sessions
        self._log = log
        self._reader = reader
        self._clock = clock
        self._at_once = at_once

    async def permits(self) -> tuple[Sequence[Permit], int]:
        """Return what may be removed now, and how many holds have been released so far."""
        async with self._sessions.read() as session:
            now = self._clock()
            permits = await find_permits(session, self._reader, now)
            return permits, await count_releases(session, self._reader, now)

    async def step(self, permit: Permit) -> Pass:
        """Remove the next few thousand bodies that ``permit`` allows, with their tombstone.

        Raises:
            StaleEpochError: another worker took over; nothing was changed.
            RemovalError: the log changed under the hands of its only writer; nothing was changed.
        """
        async with self._sessions.write() as session:
            await lock_holds(session)
            removal = await self._plan(session, permit)
            if removal is None:
                return Pass(0, 0, more=False)
            waiting = [Pending(removal.tombstone(), LOG_PRODUCER)] if removal.removed else []
            await self._log.append(waiting, removal)
        kept = len(removal.candidates) - len(removal.removed)
        return Pass(len(removal.removed), kept, more=True)

    async def finish(self, job: UUID) -> None:
        """Note that a job is done."""
        async with self._sessions.write() as session:
            await session.exec(sa.update(PruneJob).where(col(PruneJob.id) == job).values(done=self._clock()))

    async def _plan(self, session: AsyncSession, permit: Permit) -> Removal | None:
        now = self._clock()
        holds = await active_holds(session, self._reader, now)
        releases = await count_releases(session, self._reader, now)
        start = await self._start(permit.retention, releases)
        found = await self._signed_before(await self._candidates(permit, start, holds), permit.before)
        if not found:
            return None
        return Removal(permit.retention, found, found[-1].index + 1, releases, permit.change_id, now)

    async def _start(self, retention: str, releases: int) -> int:
        """Return where to look on; from the beginning again when a hold was released since."""
        chosen = sa.select(prune_cursor).where(prune_cursor.c.retention == retention)
        async with self._reader.engine.connect() as connection:
            row = (await connection.execute(chosen)).mappings().one_or_none()
        return 0 if row is None or row["releases"] != releases else int(row["next_index"])

    async def _candidates(self, permit: Permit, start: int, holds: frozenset[Hold]) -> list[Candidate]:
        statement = (
            sa.select(entry.c.index, entry.c.time, entry.c.head, held(holds).label("held"))
            .join(body, body.c.index == entry.c.index)
            .where(body.c.retention == permit.retention, body.c.index >= start)
            .order_by(body.c.index)
            .limit(self._at_once)
        )
        found = []
        async with self._reader.engine.connect() as connection:
            for row in (await connection.execute(statement)).mappings():
                if row["time"] >= permit.before:
                    break
                found.append(candidate(row["index"], bytes(row["head"]), held=bool(row["held"])))
        return found

    async def _signed_before(self, found: list[Candidate], before: int) -> list[Candidate]:
        while found:
            signed = await self._reader.checkpoint_covering(found[-1].index)
            if signed is not None and signed.time < before:
                return found
            found = found[: len(found) // 2]
        return found
