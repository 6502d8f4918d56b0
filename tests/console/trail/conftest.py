import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from console.installation import migrate_all
from console.settings import load_settings
from policy.embedded import EmbeddedDecider
from tests.console.trail.trail import Trail
from tests.real.server import free_port


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both databases on SQLite, migrated once; each test gets a copy."""
    folder = tmp_path_factory.mktemp("trail")
    asyncio.run(migrate_all(load_settings(data=folder)))
    return folder


@pytest.fixture
async def trail(migrated: Path, tmp_path: Path, decider: EmbeddedDecider) -> AsyncIterator[Trail]:
    """Five people, two teams with a route each, a log and its worker, and a server that answers."""
    data = tmp_path / "data"
    shutil.copytree(migrated, data)
    settings = load_settings(data=data, server={"port": free_port()})
    async with Trail.open(settings, decider) as opened:
        yield opened
