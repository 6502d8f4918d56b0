"""The worker's loop that keeps to the retention: once a day, and as soon as something was approved."""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from typing import Final

from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from audit.custody.authority import Permit
from audit.custody.prune import Pruner
from audit.custody.retention import MICROSECONDS_A_DAY
from audit.custody.space import give_back
from audit.errors import AuditError
from audit.heads.state import write_state
from audit.log import LogFrozenError, StaleEpochError

LOOK_SECONDS: Final = 2.0
RETENTION: Final = "retention"
"""Name and kind of what the health page is told of this loop."""

logger = logging.getLogger(__name__)


class RecordsKeeper:
    """Removes what may go; to be run while the log is held, beside the sequencer.

    Attributes:
        trouble: what kept the last round from its end, as one sentence; None while all is well.
    """

    def __init__(
        self, pruner: Pruner, engine: AsyncEngine, clock: Callable[[], int], removed: Callable[[], None]
    ) -> None:
        """``removed`` is called after each tombstone, so that it is signed soon."""
        self.trouble: str | None = None
        self._pruner = pruner
        self._engine = engine
        self._clock = clock
        self._removed = removed
        self._known: frozenset[tuple[str, object, object]] = frozenset()
        self._last = 0
        self._told: str | None = ""  # what a former worker said of it is said again, or taken back

    async def run(self, stop: asyncio.Event) -> None:
        """Work until ``stop`` is set; outages are waited out.

        Raises:
            StaleEpochError: another worker took over.
            LogFrozenError: the log was ended.
        """
        while not stop.is_set():
            try:
                await self.look()
                self.trouble = None
            except (LogFrozenError, StaleEpochError):
                raise
            except (AuditError, DBAPIError, OSError) as error:
                # Also a head that was altered: removing waits until somebody has looked, logging does not.
                self.trouble = f"Details past their retention are not removed: {type(error).__name__}."
                logger.warning("%s", self.trouble)
            await self._tell()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), LOOK_SECONDS)

    async def _tell(self) -> None:
        """Keep what is wrong for the health page; a database that does not answer is told there anyway."""
        if self.trouble == self._told:
            return
        with contextlib.suppress(DBAPIError, OSError):
            await write_state(self._engine, RETENTION, RETENTION, self._clock(), trouble=self.trouble)
            self._told = self.trouble

    async def look(self) -> int:
        """Remove what may go, if a day has passed or something new was approved; return how many bodies.

        Raises:
            DBAPIError: a database does not answer.
            AuditError: as ``Pruner.step``.
        """
        permits, releases = await self._pruner.permits()
        known = frozenset((permit.retention, permit.change_id, releases) for permit in permits)
        if known == self._known and self._clock() - self._last < MICROSECONDS_A_DAY:
            return 0
        removed = sum([await self._use(permit) for permit in permits])
        if removed:
            await give_back(self._engine)
        self._known, self._last = known, self._clock()
        return removed

    async def _use(self, permit: Permit) -> int:
        removed = 0
        while (step := await self._pruner.step(permit)).more:
            removed += step.removed
            self._removed()
            await asyncio.sleep(0)  # the sequencer's turn
        if permit.job is not None:
            await self._pruner.finish(permit.job)
        return removed
