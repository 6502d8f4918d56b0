from collections.abc import Callable

import asyncpg
import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine

pytestmark = pytest.mark.real


async def test_each_database_is_empty_and_its_own(postgres_database: Callable[[], str]) -> None:
    for url in (postgres_database(), postgres_database()):
        engine = create_async_engine(url)
        async with engine.begin() as connection:
            await connection.execute(sa.text("CREATE SCHEMA log"))
            await connection.execute(sa.text("CREATE TABLE log.kept (id bigint PRIMARY KEY)"))
            version = await connection.scalar(sa.text("SHOW server_version_num"))
        await engine.dispose()
        assert int(version) >= 150000


async def test_it_wants_the_password(postgres_url: str) -> None:
    wrong = sa.make_url(postgres_url).set(drivername="postgresql", password="wrong")
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(wrong.render_as_string(hide_password=False))
