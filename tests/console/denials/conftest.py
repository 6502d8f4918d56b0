"""The worker's drain, and the summaries it finds."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import sqlalchemy as sa

from audit.models import entry
from console.services import Services
from tests.console.gateway.records import Worker

Logged = Callable[..., Awaitable[list[dict[str, Any]]]]


@pytest.fixture
def logged(services: Services) -> Logged:
    """Ends nothing by itself: drains what waits, and returns the heads of some actions."""

    async def read(*actions: str) -> list[dict[str, Any]]:
        worker = Worker(services)
        await worker.drain()
        async with services.log.engine.connect() as connection:
            chosen = sa.select(entry.c.id).where(entry.c.action.in_(actions)).order_by(entry.c.index)
            ids = (await connection.execute(chosen)).scalars().all()
        return [dict(await worker.head(one)) for one in ids]

    return read
