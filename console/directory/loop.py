"""The worker's loop over the directory: runs that are asked for or due, and every two seconds its events."""

import asyncio
import contextlib
import logging
import time
from contextlib import AsyncExitStack
from functools import partial
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from audit.errors import AuditError
from console.directory.keeping import drop_unfinished, keep_cursor, next_run
from console.directory.looking import Meanwhile
from console.directory.polling import concerned, poll
from console.directory.running import run_full
from console.errors import ConsoleError
from console.services import Services
from sso.directory_settings import DirectorySettings
from sso.errors import DirectoryError
from sso.keycloak.connection import PATIENCE, RealmAdmin, open_directory

LONGEST_PAUSE: Final = 30
"""Seconds at most between two attempts while the directory does not answer."""
BREATH: Final = 0.1
"""Seconds at least between two looks."""
logger = logging.getLogger("guildhall.directory")


class DirectoryLoop:
    """Keeps our tables in line with one realm."""

    def __init__(self, services: Services, settings: DirectorySettings) -> None:
        """Follow the realm of `settings`; nothing is asked yet."""
        self._services = services
        self._settings = settings
        self._stack = AsyncExitStack()
        self._admin: RealmAdmin | None = None

    async def turn(self) -> None:
        """Do what is to be done now.

        Raises:
            DirectoryError: the directory cannot be read.
            ConsoleError: a database does not answer, or a record could not be made.
        """
        # One connection, and so one token, for many looks: each token is an event of its own there.
        if self._admin is None:
            self._admin = await self._stack.enter_async_context(open_directory(self._settings))
        admin = self._admin
        run = await next_run(self._services, self._settings)
        if run is not None:
            look = partial(poll, self._services, self._settings, admin)
            meanwhile = Meanwhile(look, partial(concerned, admin), self._settings.poll_seconds)
            async with open_directory(self._settings, PATIENCE) as patient:
                await run_full(self._services, self._settings, patient, run, meanwhile)
        await poll(self._services, self._settings, admin)

    async def close(self) -> None:
        """Give back the connection; the next turn opens another."""
        self._admin = None
        await self._stack.aclose()

    async def run(self, stop: asyncio.Event) -> None:
        """Turn until `stop` is set; an outage is waited out and told on the page and by doctor."""
        await drop_unfinished(self._services)
        failures = 0
        while not stop.is_set():
            began = time.monotonic()
            failures = 0 if await self._try() else failures + 1
            seconds = min(self._settings.poll_seconds * 2 ** min(failures, 4), LONGEST_PAUSE)
            # From look to look, however long one takes: whoever leaves meanwhile is seen by the next.
            left = max(seconds - (time.monotonic() - began), BREATH)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), left)
        await self.close()

    async def _try(self) -> bool:
        try:
            await self.turn()
        except DirectoryError as error:
            await self._failed(error.sentence)
        except (ConsoleError, AuditError, SQLAlchemyError, OSError) as error:
            await self._failed(f"It could not be applied ({type(error).__name__}).")
        else:
            return True
        return False

    async def _failed(self, sentence: str) -> None:
        logger.warning("The directory is not followed just now: %s", sentence)
        await self.close()
        with contextlib.suppress(SQLAlchemyError, OSError):
            await keep_cursor(
                self._services, self._settings.known_as, error=sentence, error_since=self._services.clock()
            )
