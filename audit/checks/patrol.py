"""Looks at the stored log while the worker works: the newest entries at once, then all of them, slowly."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from typing import Final
from uuid import UUID, uuid5

from sqlalchemy.exc import DBAPIError

from audit.checks.rowcheck import Fault
from audit.checks.selfcheck import SelfCheck
from audit.errors import KeyStoreError
from audit.event import Event, Outcome
from audit.events import Action
from audit.record import Record, seal
from audit.subjects.keyring import MemoryKeyRing

TAIL_CHUNKS: Final = 4
PAUSE_SECONDS: Final = 0.5
"""One chunk of 256 entries each: a million entries in half an hour, for about one fortieth of a core."""
_NAMED_FAULTS: Final = UUID("6f0c2f0e-6f38-5d55-9a1e-0d9a52f6f8d1")

logger = logging.getLogger(__name__)

Report = Callable[[Fault], Awaitable[None]]


class Patrol:
    """Checks without end, and reports each fault once in its life."""

    def __init__(self, check: SelfCheck, report: Report, *, pause: float = PAUSE_SECONDS) -> None:
        self._check = check
        self._report = report
        self._pause = pause
        self._told: set[str] = set()
        self._next = 0

    async def run(self, stop: asyncio.Event) -> None:
        """Look at the tail, then go round until ``stop`` is set; outages are waited out."""
        await self._try(self.look_at_tail)
        while not stop.is_set():
            await self._try(self.step)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), self._pause)

    async def look_at_tail(self) -> None:
        """Check the tree and the newest chunks."""
        await self._tell(await self._check.check_tree())
        count = await self._check.count_chunks()
        for number in range(max(0, count - TAIL_CHUNKS), count):
            await self._tell(await self._check.check_chunk(number))

    async def step(self) -> None:
        """Check the next chunk; after the last one, the tree."""
        if self._next < await self._check.count_chunks():
            await self._tell(await self._check.check_chunk(self._next))
            self._next += 1
        else:
            self._next = 0
            await self._tell(await self._check.check_tree())

    async def _tell(self, fault: Fault | None) -> None:
        if fault is not None and fault.reason not in self._told:
            logger.error("The stored log is not as it was signed: %s", fault.sentence)
            await self._report(fault)
            self._told.add(fault.reason)

    async def _try(self, look: Callable[[], Awaitable[None]]) -> None:
        try:
            await look()
        except (DBAPIError, OSError, KeyStoreError):
            logger.warning("The stored log cannot be checked now", exc_info=True)


def tamper_record(fault: Fault, now: int) -> Record:
    """Return the record that tells of a fault found at ``now`` (microseconds UTC).

    Its id follows from the fault: a worker that starts again and finds the same tells it under the same id.
    """
    told = Event(
        id=uuid5(_NAMED_FAULTS, fault.reason),
        action=Action.LOG_TAMPER,
        actor=None,
        outcome=Outcome.FAILURE,
        reasons=(fault.reason,),
    )
    return seal(told, time=now, keys=MemoryKeyRing())
