import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.audit.log_store import Store


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both SQLite databases, migrated once; each test gets a copy."""
    folder = tmp_path_factory.mktemp("migrated")

    async def migrate() -> None:
        await (await Store.open(folder)).close()

    asyncio.run(migrate())
    return folder


@pytest.fixture
async def store(migrated: Path, tmp_path: Path) -> AsyncIterator[Store]:
    """A migrated log and main database on SQLite; nothing is created in them yet."""
    folder = tmp_path / "store"
    shutil.copytree(migrated, folder)
    opened = await Store.open(folder)
    yield opened
    await opened.close()
