"""What each follower is told, as two people decided: details on the way there, and what it must forget."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from typing import Final

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from audit.custody.disclosing import read_disclosures
from audit.errors import AuditError
from audit.following.shipper import wait
from audit.following.telling import Telling
from audit.models import pruned
from audit.sinks.cursor import read_entries
from audit.sinks.port import Forgetful, Selection, Shipment, Sink
from console.clock import MICROSECONDS
from console.services import Services

FRESH: Final = 5 * MICROSECONDS
"""So long a decision counts as the present one; every change reaches every process within it."""
POLL_SECONDS: Final = 10.0
SUBJECTS_AT_ONCE: Final = 1_000
logger = logging.getLogger("guildhall.worker")


async def disclosures(services: Services) -> Mapping[str, bool]:
    """Return whether details are told, by follower that two people ever decided on.

    Raises:
        DBAPIError: a database does not answer.
    """
    async with services.database.read() as session:
        return await read_disclosures(session, services.log, services.clock())


class Leave:
    """What one follower may have just now; when nobody can say, it is told pseudonyms."""

    def __init__(self, services: Services, sink: str) -> None:
        """Ask for the follower called `sink`."""
        self._services = services
        self._sink = sink
        self._telling = Telling(services.log.engine, services.keys)
        self._given, self._read = False, -FRESH

    async def tell(self, entries: Sequence[Shipment]) -> Sequence[Shipment]:
        """Return `entries` with their details, if the follower may have them."""
        try:
            return await self._telling.add(entries) if await self._is_given() else entries
        except (AuditError, SQLAlchemyError, OSError) as error:
            logger.warning("%s is told pseudonyms for now: %s.", self._sink, type(error).__name__)
            return entries

    async def _is_given(self) -> bool:
        now = self._services.clock()
        if now - self._read >= FRESH:
            # Before the question: a database that hangs is asked again in five seconds, not for each batch.
            self._given, self._read = False, now
            self._given = (await disclosures(self._services)).get(self._sink, False)
        return self._given


class ForgettingCopies:
    """Lets followers forget: people who were erased, details that were removed, or all if leave was taken."""

    def __init__(self, services: Services, sinks: Sequence[Sink]) -> None:
        """Look after those of `sinks` that can forget."""
        self._services = services
        self._sinks = [sink for sink in sinks if isinstance(sink, Forgetful)]
        self._telling = Telling(services.log.engine, services.keys)
        self._removed: dict[str, set[tuple[int, int]]] = {}

    async def run(self, stop: asyncio.Event) -> None:
        """Look every few seconds until `stop` is set; whoever does not answer is asked again."""
        while not stop.is_set():
            try:
                await self.look()
            except (AuditError, SQLAlchemyError, OSError) as error:
                logger.warning("A follower has not forgotten everything yet: %s.", error)
            await wait(stop, POLL_SECONDS)

    async def look(self) -> int:
        """Let every follower that was ever told details forget what it must; return how many copies changed.

        Raises:
            SinkError: a follower cannot be asked now.
            KeyStoreError: the keys cannot be read now.
            DBAPIError: a database does not answer.
        """
        decided = await disclosures(self._services) if self._sinks else {}
        return sum([await self._forget(one, decided[one.name]) for one in self._sinks if one.name in decided])

    async def _forget(self, sink: Forgetful, given: bool) -> int:  # noqa: FBT001 - one decision
        if not given:
            changed = await sink.rewrite(Selection(), self._entries)
        else:
            changed = await self._forget_people(sink) + await self._forget_removed(sink)
        await sink.expunge()
        return changed

    async def _forget_people(self, sink: Forgetful) -> int:
        erased, changed = sorted(map(str, await self._services.keys.erased())), 0
        for start in range(0, len(erased), SUBJECTS_AT_ONCE):
            some = tuple(erased[start : start + SUBJECTS_AT_ONCE])
            changed += await sink.rewrite(Selection(subjects=some), self._remake)
        return changed

    async def _forget_removed(self, sink: Forgetful) -> int:
        done, changed = self._removed.setdefault(sink.name, set()), 0
        columns = pruned.c
        async with self._services.log.engine.connect() as connection:
            runs = (await connection.execute(sa.select(pruned).order_by(columns.entry))).all()
        for run in runs:
            if (run.entry, run.first_index) not in done:
                span = (run.retention, run.first_index, run.last_index)
                changed += await sink.rewrite(Selection(span=span), self._remake)
                done.add((run.entry, run.first_index))
        return changed

    async def _remake(self, indexes: Sequence[int]) -> Sequence[Shipment]:
        return await self._telling.add(await self._entries(indexes))

    async def _entries(self, indexes: Sequence[int]) -> Sequence[Shipment]:
        return await read_entries(self._services.log.engine, indexes)
