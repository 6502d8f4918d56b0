"""The worker's watch over uses that nobody has reviewed: an entry when one ends, and one each day after."""

import asyncio
import contextlib
import logging
from typing import Final

from sqlalchemy.exc import DBAPIError
from sqlmodel import col, or_, select

from audit.events import Action
from console.break_glass.allowed import FLAG
from console.clock import DAY
from console.errors import ConsoleError
from console.questions import Origin, Resource
from console.services import Services
from console.work import UnitOfWork
from sso.models import BreakGlass
from sso.principal import system_principal

EVERY_SECONDS: Final = 60
logger = logging.getLogger("guildhall.worker")


async def alarm_unreviewed(services: Services) -> int:
    """Record an alarm for each use that is over and unreviewed, a day after the last; return how many."""
    work = UnitOfWork(services, system_principal("worker"), Origin("worker"))
    now = work.now
    waiting = select(BreakGlass).where(
        col(BreakGlass.reviewed).is_(None),
        or_(col(BreakGlass.ends) <= now, col(BreakGlass.closed).is_not(None)),
        or_(col(BreakGlass.alarmed).is_(None), col(BreakGlass.alarmed) <= now - DAY),
    )
    async with services.database.read() as session:
        if (await session.exec(waiting.limit(1))).first() is None:
            return 0
    async with work.write() as session:
        uses = (await session.exec(waiting.with_for_update())).all()
        for use in uses:
            use.alarmed = now
            session.add(use)
            target = Resource("break_glass", use.id)
            await work.record(Action.BREAK_GLASS_UNREVIEWED, resource=target, flags=[FLAG])
    return len(uses)


async def watch_reviews(services: Services, stop: asyncio.Event) -> None:
    """Look each minute until `stop` is set; an outage is waited out."""
    while not stop.is_set():
        try:
            if count := await alarm_unreviewed(services):
                logger.error("%d uses of break glass wait for their review.", count)
        except (DBAPIError, ConsoleError):
            logger.exception("It could not be looked whether break glass waits for a review")
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), EVERY_SECONDS)
