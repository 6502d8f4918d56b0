"""The lease on PostgreSQL: given back at once, and soon when the host that held it is gone without a word."""

from collections.abc import AsyncIterator, Callable

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from audit.database import create_log_engine
from audit.lease import AdvisoryLease, LeaseTakenError

pytestmark = pytest.mark.real


@pytest.fixture
async def engine(postgres_database: Callable[[], str]) -> AsyncIterator[AsyncEngine]:
    engine = create_log_engine(postgres_database())
    yield engine
    await engine.dispose()


async def test_it_is_free_the_moment_it_is_given_back(engine: AsyncEngine) -> None:
    first, second = AdvisoryLease(engine), AdvisoryLease(engine)
    try:
        for _ in range(50):
            await first.take()
            with pytest.raises(LeaseTakenError):
                await second.take()
            await first.release()
            first, second = second, first
    finally:
        await first.release()
        await second.release()


async def test_the_server_asks_in_half_a_minute_whether_its_holder_is_still_there(
    engine: AsyncEngine,
) -> None:
    async with engine.connect() as connection:
        names = ("tcp_keepalives_idle", "tcp_keepalives_interval", "tcp_keepalives_count")
        idle, interval, count = [int(await connection.scalar(sa.text(f"SHOW {name}")) or 0) for name in names]
    assert 0 < idle + interval * count <= 30
