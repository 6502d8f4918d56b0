"""A fresh migrated database per test, and the two providers: one honest, one hostile."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlmodel.ext.asyncio.session import AsyncSession

from console.database import Database, create_main_engine
from console.migrate import upgrade
from tests.sso.hostile import HostileProvider, hostile_bench
from tests.sso.journey import Bench, make_bench


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One database file brought up by migration, to be copied."""
    path = tmp_path_factory.mktemp("migrated") / "guildhall.db"

    async def migrate() -> None:
        engine = create_main_engine(f"sqlite+aiosqlite:///{path}")
        await upgrade(engine, "main")
        await engine.dispose()

    asyncio.run(migrate())
    return path


@pytest.fixture
async def database(migrated: Path, tmp_path: Path) -> AsyncIterator[Database]:
    path = tmp_path / "guildhall.db"
    shutil.copy(migrated, path)
    opened = Database(f"sqlite+aiosqlite:///{path}")
    yield opened
    await opened.close()


@pytest.fixture
async def db(database: Database) -> AsyncIterator[AsyncSession]:
    async with database.write() as session:
        yield session


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return make_bench(tmp_path)


@pytest.fixture
def hostile(tmp_path: Path) -> tuple[Bench, HostileProvider]:
    return hostile_bench(tmp_path)
