"""The worker's watch over the tables: at its start, and then at least once a minute."""

import asyncio
import contextlib
import logging

from sqlalchemy.exc import DBAPIError

from console.errors import ConsoleError
from console.questions import Origin
from console.services import Services
from console.unexplained.comparison import Comparison
from console.unexplained.findings import keep_findings
from console.work import UnitOfWork
from sso.principal import system_principal

logger = logging.getLogger("guildhall.worker")


class Watch:
    """Finds rows that no recorded act explains, and keeps them out of decisions."""

    def __init__(self, services: Services) -> None:
        """Watch over the tables of `services`."""
        self._services = services
        self._comparison = Comparison(services)

    async def look(self) -> int:
        """Compare once; return how many findings are new.

        Raises:
            DBAPIError: a database does not answer.
            ConsoleError: what was found could not be recorded.
        """
        work = UnitOfWork(self._services, system_principal("worker"), Origin("worker"))
        new = await keep_findings(work, await self._comparison.findings())
        if new:
            logger.error("%d rows are not what the log says they are; they count as absent.", new)
        return new

    async def run(self, stop: asyncio.Event) -> None:
        """Look until `stop` is set; an outage is waited out."""
        seconds = self._services.settings.audit.compare_seconds
        while not stop.is_set():
            try:
                await self.look()
            except (DBAPIError, ConsoleError):
                logger.exception("The tables could not be compared with the log")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), seconds)
