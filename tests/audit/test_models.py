from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy.engine import Connection

from audit.database import create_log_engine, for_writing
from audit.models import log_metadata
from tests.audit.log_store import Store, migrate


def _differences(connection: Connection) -> list[object]:
    return list(compare_metadata(MigrationContext.configure(connection), log_metadata))


async def test_models_and_migrations_of_the_log_agree(store: Store) -> None:
    async with store.engine.connect() as connection:
        assert await connection.run_sync(_differences) == []


async def test_the_logs_migrations_go_back_to_nothing(tmp_path: Path) -> None:
    engine = create_log_engine(f"sqlite+aiosqlite:///{tmp_path}/log.db")
    await migrate(for_writing(engine), "log")
    await migrate(for_writing(engine), "log", "base")
    async with engine.connect() as connection:
        names = await connection.run_sync(lambda given: sa.inspect(given).get_table_names())
    assert names == ["alembic_version"]
    await engine.dispose()


async def test_the_logs_engine_waits_for_its_write_lock_and_is_durable(tmp_path: Path) -> None:
    engine = create_log_engine(f"sqlite+aiosqlite:///{tmp_path}/log.db")
    async with engine.connect() as connection:
        asked = ("journal_mode", "synchronous", "busy_timeout", "secure_delete")
        found = [await connection.scalar(sa.text(f"PRAGMA {pragma}")) for pragma in asked]
    assert found == ["wal", 2, 5_000, 1]
    await engine.dispose()


@pytest.mark.parametrize("url", ["sqlite:///log.db", "postgresql://localhost/log", "mysql://localhost/log"])
def test_only_the_two_asynchronous_drivers_are_taken(url: str) -> None:
    with pytest.raises(ValueError, match="The log needs"):
        create_log_engine(url)
