"""The worker's part of access review: uses are counted, rounds opened and closed, approvals found stale."""

import asyncio
import logging
from typing import Final

from sqlalchemy.exc import DBAPIError

from audit.following.shipper import wait
from console.campaigns.closing import close_due
from console.campaigns.filling import fill_rounds
from console.campaigns.opening import open_due
from console.campaigns.staleness import mark_stale
from console.campaigns.uses import count_uses
from console.errors import ConsoleError
from console.questions import Origin
from console.services import Services
from console.work import UnitOfWork
from sso.principal import system_principal

EVERY_SECONDS: Final = 30
logger = logging.getLogger("guildhall.worker")


async def keep_reviews(services: Services) -> tuple[int, int]:
    """Do once what is due; return how many rounds were opened and closed.

    Raises:
        DBAPIError, ConsoleError: it could not be read, or not be recorded.
    """
    work = UnitOfWork(services, system_principal("worker"), Origin("worker"))
    await count_uses(services)
    closed = await close_due(work)
    await mark_stale(work)
    opened = await open_due(work)
    await fill_rounds(work)
    return opened, closed


async def watch_campaigns(services: Services, stop: asyncio.Event) -> None:
    """Look every half minute until `stop` is set; an outage is waited out."""
    while not stop.is_set():
        try:
            opened, closed = await keep_reviews(services)
            if opened or closed:
                logger.info("%d rounds of access review were opened, %d closed.", opened, closed)
        except (DBAPIError, ConsoleError):
            logger.exception("It could not be looked which rounds of access review are due")
        await wait(stop, EVERY_SECONDS)
