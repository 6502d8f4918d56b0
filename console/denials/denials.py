"""Counts refusals so that nobody fills the log by being refused, and loses no count unsaid.

A summary is written like a call: its intent when the counting begins, its outcome, with the exact count, when
the minute ends. A process that is killed in between leaves an entry which says that the count was lost.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy.exc import DBAPIError

from audit.body import seal_parts
from audit.errors import AuditError
from audit.event import Outcome
from audit.fold import CallOutcome
from audit.record import seal
from audit.spool.lives import SpoolLives
from audit.spool.writer import SpoolUnavailableError
from audit.subjects.keyring import MemoryKeyRing
from audit.subjects.subject_keys import KeyStore
from console.clock import Clock
from console.denials.tally import (
    ENTRIES_A_MINUTE,
    MINUTE,
    NETWORKS_A_MINUTE,
    OTHERS,
    Key,
    Tally,
    codes_of,
    network_of,
)

EVERY_SECONDS = 1.0
logger = logging.getLogger("guildhall")


class Denials:
    """One process's counts. Whoever refuses asks `admit`, or tells `count_stranger`; neither ever fails."""

    def __init__(self, directory: Path, keys: KeyStore, clock: Clock) -> None:
        """Write summaries into a spool of their own in `directory`, opened with the first of them."""
        self._spool = SpoolLives(directory, "denials", clock)
        self._keys = keys
        self._clock = clock
        self._known: dict[Key, Tally] = {}
        self._strangers: dict[str, Tally] = {}
        self._ended: list[Tally] = []
        self._running: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to end the minutes as they pass."""
        self._running = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Write what was counted, and end the spool."""
        if self._running is not None:
            self._running.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._running
            self._running = None
        await self.write(also_this_minute=True)
        await self._spool.close()

    async def admit(
        self,
        actor: UUID | None,
        reasons: Iterable[str],
        *,
        address: str | None = None,
        outcome: Outcome = Outcome.DENIED,
    ) -> UUID | None:
        """Return None when a refusal is to be an entry of its own, else the id of the summary it counts for.

        `address` tells strangers apart, by network; it is not looked at when there is an `actor`.
        """
        codes = codes_of(reasons)
        key = Key(actor, None if actor else self._network(address), codes, outcome)
        tally = self._tally_of(key)
        if tally.entries < ENTRIES_A_MINUTE:
            tally.entries += 1
            return None
        try:
            await self._open(tally)
        except (AuditError, DBAPIError):
            return None  # where nothing can be counted, each refusal is told by itself
        tally.counted[",".join(codes)] += 1
        return tally.summary

    def count_stranger(self, address: str | None, reasons: Iterable[str]) -> None:
        """Count a refusal of somebody unknown, by the network it came from. Waits for nothing."""
        minute, network = self._minute(), network_of(address)
        self._end_minutes(minute)
        if network not in self._strangers and len(self._strangers) >= NETWORKS_A_MINUTE:
            network = OTHERS
        key = Key(None, network, ())
        tally = self._strangers.setdefault(network, Tally(key, minute))
        tally.counted[",".join(codes_of(reasons))] += 1

    async def abandon(self) -> None:
        """Let go of the spool as a process does that is killed: nothing more is written."""
        self._known, self._strangers, self._ended = {}, {}, []
        await self._spool.abandon()

    @property
    def open_counts(self) -> int:
        """How many counts are kept just now; never more than people, reasons and networks in a minute."""
        return len(self._known) + len(self._strangers)

    async def write(self, *, also_this_minute: bool = False) -> None:
        """Open the summaries of networks that were new, and close those of minutes that have ended."""
        self._end_minutes(-1 if also_this_minute else self._minute())
        for tally in tuple(self._ended):
            if await self._write(self._close, tally):
                # Only now: whoever is stopped in the middle has not lost the rest.
                self._ended = [one for one in self._ended if one is not tally]
        for tally in list(self._strangers.values()):
            await self._write(self._open, tally)

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(EVERY_SECONDS)
            await self.write()

    async def _write(self, act: Callable[[Tally], Awaitable[None]], tally: Tally) -> bool:
        try:
            await act(tally)
        except (AuditError, DBAPIError):
            logger.exception("A summary of refusals cannot be written yet.")
            return False
        return True

    def _network(self, address: str | None) -> str:
        """Return a stranger's network, or the name of all others once there are as many as are kept apart."""
        self._end_minutes(self._minute())
        network = network_of(address)
        seen = {key.network for key in self._known if key.actor is None}
        return network if network in seen or len(seen) < NETWORKS_A_MINUTE else OTHERS

    def _minute(self) -> int:
        return self._clock() // MINUTE

    def _tally_of(self, key: Key) -> Tally:
        minute = self._minute()
        self._end_minutes(minute)
        return self._known.setdefault(key, Tally(key, minute))

    def _end_minutes(self, minute: int) -> None:
        """Take out every count of another minute than this one."""
        self._ended += [*_take_over(self._known, minute), *_take_over(self._strangers, minute)]

    async def _open(self, tally: Tally) -> None:
        if tally.opened is not None:
            return
        event = tally.opening()
        keys = await self._installation_key() if event.parts else MemoryKeyRing()
        record = seal(event, time=self._clock(), keys=keys).to_bytes()
        if tally.opened is None:  # somebody else may have, while the key was read
            writer = self._spool.writer()
            tally.opened = writer, writer.append(record, "intent")

    async def _close(self, tally: Tally) -> None:
        await self._open(tally)
        if tally.opened is None:
            raise SpoolUnavailableError("The summary was not opened.")
        counts = tally.counts()
        ended = CallOutcome(
            outcome=tally.key.outcome,
            ended=self._clock(),
            reasons=tally.reasons(),
            parts=seal_parts(counts, await self._installation_key()) if counts else (),
        )
        writer, number = tally.opened
        if writer.broken is None:  # where it broke, the worker finds the intent alone: `count_lost`
            writer.append_outcome(number, ended.to_bytes())

    async def _installation_key(self) -> MemoryKeyRing:
        return MemoryKeyRing([await self._keys.find(None)])


def _take_over(kept: dict[Any, Tally], minute: int) -> list[Tally]:
    over = [name for name, tally in kept.items() if tally.minute != minute]
    return [tally for tally in map(kept.pop, over) if tally.counted]
