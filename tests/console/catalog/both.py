"""Settings on SQLite and on PostgreSQL, for the tests of what both must answer alike."""

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from console.installation import migrate_all
from console.settings import Settings, load_settings


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.real)])
def settings(request: pytest.FixtureRequest, migrated_data: Path, tmp_path: Path) -> Settings:
    """Settings of a migrated installation."""
    shutil.copytree(migrated_data, tmp_path / "var")
    if request.param == "sqlite":
        return load_settings(data=tmp_path / "var")
    make: Callable[[], str] = request.getfixturevalue("postgres_database")
    made = load_settings(data=tmp_path / "var", database={"url": make()})
    asyncio.run(migrate_all(made))
    return made
