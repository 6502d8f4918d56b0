"""That somebody read another person's request: one entry an hour, however often they look."""

from typing import Final

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from audit.events import Action
from audit.models import entry
from console.access.facts import RequestFacts
from console.work import UnitOfWork

ONCE_IN: Final = 3_600_000_000
"""Microseconds in which the same person's reads of the same request are one entry."""


async def record_reading(work: UnitOfWork, found: RequestFacts) -> None:
    """Record that the principal reads a request that is not their own; no record, no reading.

    It is found by its resource, not by the request: what was asked, answered and done stays readable there.
    """
    if found.change.requester_id == work.principal.id or await _is_told(work, found):
        return
    async with work.write():
        await work.record(Action.ACCESS_REQUEST_READ, resource=found.resource())


async def _is_told(work: UnitOfWork, found: RequestFacts) -> bool:
    """Say whether the log holds such a read since an hour; what still waits for the log may be told twice."""
    lately = sa.select(entry.c.index).where(
        entry.c.resource_id == found.change.id,
        entry.c.actor == work.principal.id,
        entry.c.action == Action.ACCESS_REQUEST_READ.value,
        entry.c.outcome == "success",
        entry.c.time > work.now - ONCE_IN,
    )
    try:
        async with work.services.log.engine.connect() as connection:
            return (await connection.execute(lately.limit(1))).first() is not None
    except SQLAlchemyError:
        return False  # the log does not answer: once more is better than not at all
