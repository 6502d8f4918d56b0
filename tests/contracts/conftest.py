"""A log on each of the databases it may live in."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.audit.log_store import Store


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.real)])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    url = keys_url = None
    if request.param == "postgresql":
        create = request.getfixturevalue("postgres_database")
        url, keys_url = create(), create()
    opened = await Store.open(tmp_path, url, url, keys_url)
    yield opened
    await opened.close()
