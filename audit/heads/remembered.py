"""Asks and tells every keeper beside the signing, so that a slow one holds nothing up.

The worker signs nothing before one of the configured keepers has answered once, and nothing that does not
extend what any of them remembers: a database restored from a backup, on whatever host, cannot fork.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from audit.errors import NoteError
from audit.heads.port import HeadKeeper, KeeperError, SplitViewError
from audit.heads.state import write_state
from audit.waiting import rest

PATIENCE: Final = 10.0
EVERY: Final = 10.0

logger = logging.getLogger(__name__)


class RememberedHeads:
    """The keepers of one log."""

    def __init__(
        self,
        keepers: Sequence[HeadKeeper],
        engine: AsyncEngine,
        clock: Callable[[], int],
        *,
        every: float = EVERY,
        patience: float = PATIENCE,
    ) -> None:
        """``every`` is the time in seconds between two rounds, ``patience`` how long one keeper may take."""
        self._keepers = tuple(keepers)
        self._engine = engine
        self._clock = clock
        self._every = every
        self._patience = patience
        self._heads: dict[str, str | None] = {}
        self._told: dict[str, str] = {}
        self._split: dict[str, SplitViewError] = {}
        self._newest: str | None = None

    def known(self) -> Sequence[str] | None:
        """Return the remembered notes; None while no keeper has answered, though there are some."""
        if self._keepers and not self._heads:
            return None
        heads = [note for note in self._heads.values() if note is not None]
        return heads + [split.note for split in self._split.values()]

    def tell(self, note: str) -> None:
        """Have the keepers remember ``note``; returns at once."""
        self._newest = note

    async def run(self, stop: asyncio.Event) -> None:
        """Ask and tell until ``stop`` is set, then tell once more."""
        while not stop.is_set():
            await self.run_once()
            await rest(stop, self._every if self._heads else 1.0)
        await self.run_once()

    async def run_once(self) -> None:
        """Ask every keeper what it remembers, and tell it what it does not know yet."""
        await asyncio.gather(*(self._attend(keeper) for keeper in self._keepers))

    async def _attend(self, keeper: HeadKeeper) -> None:
        trouble = await self._try(keeper, self._ask(keeper))
        newest = self._newest
        if trouble is None and newest is not None and self._told.get(keeper.name) != newest:
            trouble = await self._try(keeper, keeper.remember(newest))
            if trouble is None:
                self._told[keeper.name] = newest
        if keeper.name in self._split:
            trouble = str(self._split[keeper.name])
        if keeper.kind != "witness":  # of witnesses the rounds tell
            await self._keep_state(keeper, trouble)

    async def _ask(self, keeper: HeadKeeper) -> None:
        self._heads[keeper.name] = await keeper.read()

    async def _try(self, keeper: HeadKeeper, act: Awaitable[None]) -> str | None:
        """Return what went wrong, in a sentence."""
        try:
            async with asyncio.timeout(self._patience):
                await act
        except TimeoutError:
            return f"{keeper.name} did not answer within {self._patience:.0f} seconds."
        except SplitViewError as error:
            self._split[keeper.name] = error  # from now on every signature is refused because of it
            return str(error)
        except (KeeperError, NoteError) as error:
            return str(error)
        return None

    async def _keep_state(self, keeper: HeadKeeper, trouble: str | None) -> None:
        if trouble is not None:
            logger.warning("A keeper of heads: %s", trouble)
        note = self._told.get(keeper.name) or self._heads.get(keeper.name)
        size = int(note.split("\n")[1]) if note else None
        try:
            await write_state(
                self._engine, keeper.name, keeper.kind, self._clock(), size=size, trouble=trouble
            )
        except DBAPIError:
            logger.exception("The state of a keeper of heads cannot be written")
