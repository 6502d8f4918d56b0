"""Reading everybody and carrying out a plan take minutes; meanwhile the events are looked at as ever."""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import Final, TypeVar

from sso.errors import DirectoryError
from sso.keycloak.events import Seen, moves_groups
from sso.syncing.snapshot import Snapshot

ATTEMPTS: Final = 3
MOST: Final = 500
"""More people than these are read all together."""
Look = Callable[[], Awaitable[Seen]]
ReadAll = Callable[[], Awaitable[Snapshot]]
ReadSome = Callable[[Iterable[str]], Awaitable[Snapshot]]
Concerned = Callable[[Seen], Awaitable[set[str]]]
"""Whom events are about, by subject."""
Answer = TypeVar("Answer")


@dataclass
class Meanwhile:
    """Looks every few seconds while something else is done, and keeps whom it was told of.

    `moved` says that what was read is no longer so, of nobody knows whom: everybody must be read again.
    """

    look: Look
    concerned: Concerned
    every: float
    told_of: set[str] = field(default_factory=set)
    moved: bool = False
    looked: float = -math.inf

    async def read(self, read_all: ReadAll, read_some: ReadSome) -> Snapshot:
        """Return everybody, and as they are now whom events told of since the reading began.

        Afterwards `told_of` holds whom events told of since then.

        Raises:
            DirectoryError: the directory cannot be read, or its groups moved all the while.
        """
        for _ in range(ATTEMPTS):
            self.moved, self.looked = False, -math.inf
            snapshot = await self.beside(read_all)
            await self._look()
            if not self.moved:
                told_of, self.told_of = self.told_of, set()
                return snapshot.renewed(await read_some(told_of))
        raise DirectoryError("directory_changed")

    async def look_if_due(self) -> None:
        """Look, when the last look is as long ago as it may be.

        Raises:
            DirectoryError: the directory cannot be read.
            ConsoleError: something could not be recorded; it is done at the next look.
        """
        if time.monotonic() - self.looked >= self.every:
            await self._look()

    async def beside(self, task: Callable[[], Awaitable[Answer]]) -> Answer:
        """Return what `task` does, with looks as often as they are due until it ends.

        Raises:
            DirectoryError: the directory cannot be read; the task is ended too.
            ConsoleError: something could not be recorded; it is done at the next look.
        """
        doing = asyncio.ensure_future(task())
        try:
            while not doing.done():
                await self.look_if_due()
                await asyncio.wait({doing}, timeout=self.every)
        finally:
            if not doing.done():
                doing.cancel()
                await asyncio.wait({doing})
        return await doing

    async def _look(self) -> None:
        # From look to look, however long one takes.
        self.looked = time.monotonic()
        seen = await self.look()
        subjects = await self.concerned(seen)
        moved = len(subjects) > MOST or any(moves_groups(event) for event in seen.admin)
        self.moved, self.told_of = self.moved or moved, self.told_of | subjects
