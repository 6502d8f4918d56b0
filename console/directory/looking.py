"""Everybody is read, which takes minutes in a large realm; meanwhile the events are looked at as ever."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

from sso.errors import DirectoryError
from sso.keycloak.events import Seen, moves_groups
from sso.syncing.snapshot import Snapshot

ATTEMPTS: Final = 3
Look = Callable[[], Awaitable[Seen]]
ReadAll = Callable[[], Awaitable[Snapshot]]
ReadSome = Callable[[Iterable[str]], Awaitable[Snapshot]]
Concerned = Callable[[Seen], Awaitable[set[str]]]
"""Whom events are about, by subject."""


@dataclass
class Meanwhile:
    """Looks every few seconds while something is read, and keeps whom it was told of."""

    look: Look
    concerned: Concerned
    every: float
    told_of: set[str] = field(default_factory=set)
    moved: bool = False

    async def read(self, read_all: ReadAll, read_some: ReadSome) -> Snapshot:
        """Return everybody, and as they are now whom events told of since the reading began.

        Raises:
            DirectoryError: the directory cannot be read, or its groups moved all the while.
        """
        for _ in range(ATTEMPTS):
            self.moved = False
            snapshot = await self._beside(read_all)
            if not self.moved:
                return snapshot.renewed(await read_some(self.told_of))
        raise DirectoryError("directory_changed")

    async def _beside(self, read_all: ReadAll) -> Snapshot:
        reading = asyncio.ensure_future(read_all())
        try:
            while not reading.done():
                await self._note(await self.look())
                await asyncio.wait({reading}, timeout=self.every)
        finally:
            if not reading.done():
                reading.cancel()
                await asyncio.wait({reading})
        await self._note(await self.look())
        return await reading

    async def _note(self, seen: Seen) -> None:
        self.moved = self.moved or any(moves_groups(event) for event in seen.admin)
        self.told_of |= await self.concerned(seen)
