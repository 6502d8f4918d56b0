"""Which revision decides now, as one process knows it: read from its row, kept until that moves."""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy.exc import DBAPIError
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from console.clock import MICROSECONDS
from console.database import Database
from console.freshness.feed import Feed
from console.freshness.moves import ANY, Move, Moves
from console.policies.bundles import find_revision
from policy.bundles import Bundle
from policy.depends import read_depends
from policy.errors import BundleError
from policy.models import ActivePolicy

GRACE: Final = 5 * MICROSECONDS
"""So long after an activation answers of the revision before it still count: until every engine has it."""
POLICY_MOVES: Final = frozenset({Move("policy", ANY), Move("unexplained", ANY)})
log = logging.getLogger("guildhall")


@dataclass(frozen=True, slots=True)
class Active:
    """The revision that decides, the one before it, and when it was exchanged (microseconds UTC)."""

    revision: str
    previous: str | None = None
    activated: int = 0

    def also(self, now: int) -> str | None:
        """Return the other revision whose answers count at `now`, if any."""
        return self.previous if 0 <= now - self.activated < GRACE else None


class Policies:
    """Knows the active revision; a process that reads what moved asks its row only when that did."""

    def __init__(self, database: Database, feed: Feed, shipped: Bundle, keys: Path) -> None:
        """Begin with the bundle that comes with the product; the keys that verify others lie in `keys`."""
        self.shipped = shipped
        self.keys = keys
        self.known = Active(shipped.revision)
        self.declared = read_depends(shipped)
        """What decisions rest on, by action, as the bundle that is `known` declares it."""
        self.trouble: str | None = None
        """Why an engine of ours keeps another revision than the active one, if so."""
        self._database = database
        self._feed = feed
        self._kept: Active | None = None
        self._reading: asyncio.Task[None] | None = None
        feed.subscribe(self._hear)

    async def active(self, session: AsyncSession) -> Active:
        """Return what decides now.

        Raises:
            DBAPIError: the database does not answer, and nothing that may be relied on is known.
        """
        if self._kept is not None and self._feed.reliable:
            return self._kept
        found = await read_active(session, self.shipped)
        await self._know(session, found)
        return found

    async def stop(self) -> None:
        """Read no more."""
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.wait([self._reading])

    def _hear(self, moves: Moves) -> None:
        # Not from a caller's session: its snapshot may be older than what has just moved.
        if moves.touch(POLICY_MOVES):
            self._kept = None
            self._reading = asyncio.ensure_future(self._keep())

    async def _keep(self) -> None:
        mark = self._feed.mark
        try:
            async with self._database.read() as session:
                found = await read_active(session, self.shipped)
                await self._know(session, found)
        except DBAPIError:
            log.warning("the active policy cannot be read, so it is asked for at every decision")
            return
        if not self._feed.since(mark).touch(POLICY_MOVES):
            self._kept = found

    async def _know(self, session: AsyncSession, found: Active) -> None:
        if found.revision != self.known.revision:
            self.declared = await self._declared(session, found.revision)
        self.known = found

    async def _declared(self, session: AsyncSession, revision: str) -> Mapping[str, frozenset[str]]:
        try:
            bundle = await find_revision(session, revision, self.shipped)
        except BundleError:
            return {}
        return read_depends(bundle) if bundle else {}


async def read_active(session: AsyncSession, shipped: Bundle) -> Active:
    """Return what decides in the session's snapshot: a row that no act explains is not there."""
    row = (await session.exec(select(ActivePolicy))).first()
    if row is None:
        return Active(shipped.revision)
    return Active(row.revision, row.previous, row.activated)
