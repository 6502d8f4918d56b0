"""The one reader of a process: what moved, read twice a second, handed to whoever remembers something.

It says for how long it has been blind. Whoever remembers must not use it while `reliable` is false: then
nothing was read for five seconds, or this process has itself committed something that was not read yet.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable
from typing import Final

from sqlalchemy.exc import DBAPIError
from sqlmodel.ext.asyncio.session import AsyncSession

from console.database import Database
from console.freshness.moves import EVERYTHING, Move, Moves, read_moves, read_position
from console.freshness.watched import missing_triggers

EVERY_SECONDS: Final = 0.5
BLIND_SECONDS: Final = 5.0
KEPT_MOVES: Final = 256
DECIDING_AT_ONCE: Final = 8
Listener = Callable[[Moves], None]
logger = logging.getLogger("guildhall")


class SilentTablesError(Exception):
    """Tables lack the triggers that tell of changes: `guildhall db upgrade` makes them."""


class Feed:
    """Reads what moved; belongs to one event loop. Not started, it is never reliable."""

    def __init__(self, database: Database) -> None:
        """Read from `database` once started."""
        self.deciding = asyncio.Semaphore(DECIDING_AT_ONCE)
        """Held by who asks again about an open answer: one move may concern very many of them."""
        self._database = database
        self._listeners: set[Listener] = set()
        self._count = 0
        self._told: deque[Moves] = deque(maxlen=KEPT_MOVES)
        self._position = ""
        self._read_at = float("-inf")
        self._own_commits = -1
        self._looking: asyncio.Task[None] | None = None
        self._running: asyncio.Task[None] | None = None

    @property
    def started(self) -> bool:
        """Whether it reads at all in this process."""
        return self._running is not None

    @property
    def blind(self) -> bool:
        """Whether nothing was read for so long that nobody may rely on what they remember."""
        return time.monotonic() - self._read_at > BLIND_SECONDS

    @property
    def reliable(self) -> bool:
        """Whether everything was read that this process committed, and lately what others did."""
        return self._own_commits == self._database.commits and not self.blind

    async def start(self) -> None:
        """Begin to read. A database that does not answer yet, or does not tell, is asked again."""
        if self._running is None:
            self._running = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Read no more, and let nobody rely on what was read."""
        running, self._running, self._read_at = self._running, None, float("-inf")
        for task in (running, self._looking):
            if task is not None:
                task.cancel()
                await asyncio.wait([task])

    def subscribe(self, listener: Listener) -> None:
        """Tell `listener` of whatever moves from now on; it must not wait for anything."""
        self._listeners.add(listener)

    def unsubscribe(self, listener: Listener) -> None:
        """Tell it no more."""
        self._listeners.discard(listener)

    @property
    def mark(self) -> int:
        """How often something was told so far, to be given back to `since`."""
        return self._count

    def since(self, mark: int) -> Moves:
        """Return what was told since `mark`; everything, when that is too long ago to say."""
        behind = self._count - mark
        if behind > len(self._told):
            return EVERYTHING
        recent = list(self._told)[len(self._told) - behind :]
        told = frozenset[Move]().union(*(moves.told for moves in recent))
        return Moves(told, any(moves.everything for moves in recent))

    async def catch_up(self) -> bool:
        """Read what this process has committed so far; return whether it can be relied on now."""
        while self._running is not None and not self.reliable:
            before = self._read_at
            await asyncio.wait([self._look()])
            if self._read_at == before:
                return False
        return self.reliable

    async def _run(self) -> None:
        while True:
            looking = self._look()
            await asyncio.sleep(EVERY_SECONDS)
            if self.blind and self._position:
                # Whatever happens from here on is not known: begin anew, with nothing remembered.
                self._position = ""
                self._tell(EVERYTHING)
            await asyncio.wait([looking], timeout=EVERY_SECONDS)

    def _look(self) -> asyncio.Task[None]:
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._read())
        return self._looking

    async def _read(self) -> None:
        began, commits = time.monotonic(), self._database.commits
        try:
            async with asyncio.timeout(BLIND_SECONDS):
                moves = await self._read_moves()
        except (DBAPIError, TimeoutError, SilentTablesError) as error:
            logger.warning("what moved cannot be read, so nothing is remembered: %s", error)
            return
        if moves:
            self._tell(moves)
        self._read_at, self._own_commits = began, commits

    async def _read_moves(self) -> Moves:
        async with self._database.read() as session:
            since, position = self._position, await read_position(session)
            if since:
                moves = await read_moves(session, since)
            else:
                moves = await _begin(session)
        self._position = position
        return moves

    def _tell(self, moves: Moves) -> None:
        self._count += 1
        self._told.append(moves)
        for listener in tuple(self._listeners):
            listener(moves)


async def _begin(session: AsyncSession) -> Moves:
    connection = await session.connection()
    if silent := await connection.run_sync(missing_triggers):
        raise SilentTablesError(f"these tables do not tell: {', '.join(sorted(silent))}")
    return EVERYTHING
