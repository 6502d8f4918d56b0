"""Each process that decides says which revision its own engine has, as OPA servers do by their status.

It takes the active revision without waiting for a question: an activation is confirmed by all of them.
"""

import asyncio
import contextlib
import logging
import os
import socket
from collections.abc import AsyncIterator
from typing import Final

from sqlalchemy.exc import DBAPIError

from console.clock import MICROSECONDS
from console.policies.engines import equip
from console.policies.reports import TROUBLE_CHARACTERS, forget_silent
from console.services import Services
from policy.decision import Holds
from policy.models import PolicyEngine

PREFIX: Final = "embedded:"
EVERY_SECONDS: Final = 2.0
AGAIN_SECONDS: Final = 60
"""So often it says the same again: of one that says nothing any more the process has ended."""
LEAVE_SECONDS: Final = 2.0
log = logging.getLogger("guildhall")


def own_name(what: str = "process") -> str:
    """Return by which name this process's engine is known; `what` is the word for it."""
    return f"{PREFIX}{what} {os.getpid()}:{socket.gethostname()}"[:64]


def told_name(name: str) -> str:
    """Return an engine's name as people read it."""
    process, _, host = name.removeprefix(PREFIX).partition(":")
    return f"the engine of {process} on {host}"


@contextlib.asynccontextmanager
async def stated(services: Services, what: str) -> AsyncIterator[None]:
    """Say so as long as the body runs, for a process that serves nobody and still asks its engine."""
    own = OwnEngine(services, what)
    await own.start()
    try:
        yield
    finally:
        await own.stop()


class OwnEngine:
    """Takes the active revision into this process's engine, and keeps what it has where others read it."""

    def __init__(self, services: Services, what: str = "process") -> None:
        """Speak for the decider of `services`, if it is an engine of ours."""
        self._services = services
        self._name = own_name(what)
        self._told: tuple[str, str | None, int] | None = None
        self._at = 0
        self._running: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to tell."""
        if isinstance(self._services.decider, Holds):
            self._running = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Tell no more, and be forgotten."""
        running, self._running = self._running, None
        if running is None:
            return
        running.cancel()
        await asyncio.wait([running])
        with contextlib.suppress(DBAPIError, TimeoutError):  # a process ends, whether or not this is heard
            async with asyncio.timeout(LEAVE_SECONDS):
                await self._keep(None)

    async def tell(self) -> bool:
        """Take what is active and keep what this engine has, if that is news; say whether it was.

        Raises:
            DBAPIError: the database does not answer.
        """
        services, now = self._services, self._services.clock()
        decider = services.decider
        if not isinstance(decider, Holds):
            return False
        async with services.database.read() as session:
            active = await services.policies.active(session)
        await equip(services, active)
        trouble = None if decider.revision == active.revision else services.policies.trouble
        fresh = decider.revision, trouble, active.activated
        if self._told == fresh and not self._is_due(now):
            return False
        row = PolicyEngine(id=self._name, revision=decider.revision, reported=now, stated=now)
        row.trouble = trouble[:TROUBLE_CHARACTERS] if trouble else None
        await self._keep(row)
        self._told, self._at = fresh, now
        return True

    def _is_due(self, now: int) -> bool:
        return now - self._at >= AGAIN_SECONDS * MICROSECONDS

    async def _run(self) -> None:
        while True:
            try:
                await self.tell()
            except DBAPIError as error:
                log.warning("the revision of this engine cannot be told: %s", type(error).__name__)
            await asyncio.sleep(EVERY_SECONDS)

    async def _keep(self, row: PolicyEngine | None) -> None:
        async with self._services.database.write() as session:
            if row is not None:
                await forget_silent(session, row.reported)
                await session.merge(row)
            elif (gone := await session.get(PolicyEngine, self._name)) is not None:
                await session.delete(gone)
