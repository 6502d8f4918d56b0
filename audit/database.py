"""The log's own engine: its SQLite file, or schema ``log`` on PostgreSQL."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

LOG_SCHEMA = "log"
BUSY_TIMEOUT_MS = 5_000


def create_log_engine(url: str) -> AsyncEngine:
    """Return the engine for the log at ``url`` (``sqlite+aiosqlite:…`` or ``postgresql+asyncpg:…``).

    Raises:
        ValueError: the URL names neither of the two supported drivers.
    """
    drivername = sa.make_url(url).drivername
    if drivername == "sqlite+aiosqlite":
        return _create_sqlite_engine(url)
    if drivername == "postgresql+asyncpg":
        settings = {"search_path": LOG_SCHEMA, "application_name": "guildhall-log"}
        return create_async_engine(
            url, connect_args={"server_settings": settings}, pool_pre_ping=True, hide_parameters=True
        )
    raise ValueError(f"The log needs sqlite+aiosqlite or postgresql+asyncpg, not {drivername}.")


def for_writing(engine: AsyncEngine) -> AsyncEngine:
    """Return a view of ``engine`` whose transactions take SQLite's write lock when they begin."""
    return engine.execution_options(write=True)


def _create_sqlite_engine(url: str) -> AsyncEngine:
    engine = create_async_engine(url, connect_args={"isolation_level": None}, hide_parameters=True)
    sa.event.listen(engine.sync_engine, "connect", _set_pragmas)
    sa.event.listen(engine.sync_engine, "begin", _begin)
    return engine


def _set_pragmas(connection: Any, _record: object) -> None:  # noqa: ANN401 - the driver's own class
    cursor = connection.cursor()
    for pragma in (
        f"busy_timeout={BUSY_TIMEOUT_MS}",
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "secure_delete=ON",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: Connection) -> None:
    # A plain BEGIN that later writes fails at once as locked when another writer was quicker.
    writes = connection.get_execution_options().get("write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
