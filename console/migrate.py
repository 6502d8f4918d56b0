"""Brings every database to the newest revision of its tree: main, log and keys."""

from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Literal

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Connection
from sqlalchemy.ext.asyncio import AsyncEngine

from console.freshness.watched import make_triggers

Tree = Literal["main", "log", "keys"]


def tree_config(tree: Tree) -> Config:
    """Return Alembic's configuration of one tree; no ini file is read."""
    config = Config()
    config.set_main_option("script_location", str(Path(str(files("migrations"))) / tree))
    config.set_main_option("path_separator", "os")
    return config


async def upgrade(engine: AsyncEngine, tree: Tree) -> None:
    """Apply every revision of `tree` that `engine`'s database lacks, in one transaction."""
    async with engine.begin() as connection:
        await connection.run_sync(_upgrade, tree)


async def is_current(engine: AsyncEngine, tree: Tree) -> bool:
    """Say whether `engine`'s database is at the newest revision of `tree`."""
    async with engine.connect() as connection:
        return await connection.run_sync(_is_current, tree)


def _upgrade(connection: Connection, tree: Tree) -> None:
    config = tree_config(tree)
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    if tree == "main":
        make_triggers(connection)


def _is_current(connection: Connection, tree: Tree) -> bool:
    context = MigrationContext.configure(connection)
    return set(context.get_current_heads()) == _newest(tree)


@cache
def _newest(tree: Tree) -> frozenset[str]:
    # The revisions of a process do not change, and Alembic reads every file of a tree to find the last.
    return frozenset(ScriptDirectory.from_config(tree_config(tree)).get_heads())
