"""The engines of the log (its SQLite file, or schema ``log`` on PostgreSQL) and of the key store."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from audit.pooled import check_pooled

LOG_SCHEMA = "log"
BUSY_TIMEOUT_MS = 5_000
PAGE_BYTES = 8 << 10
WAL_BYTES = 32 << 20
# A host that is gone without a word gives its lease and its locks back in half a minute; by what most systems
# are set to, PostgreSQL would wait for more than two hours.
_STILL_THERE = {
    "tcp_keepalives_idle": "15",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
}


def create_log_engine(url: str) -> AsyncEngine:
    """Return the engine for the log at ``url`` (``sqlite+aiosqlite:…`` or ``postgresql+asyncpg:…``).

    Raises:
        ValueError: the URL names neither of the two supported drivers.
    """
    return _create_engine(url, "log", {"search_path": LOG_SCHEMA, **_STILL_THERE})


def create_keys_engine(url: str) -> AsyncEngine:
    """Return the engine for the key store at ``url``, a SQLite file or a PostgreSQL database of its own.

    Raises:
        ValueError: the URL names neither of the two supported drivers.
    """
    return _create_engine(url, "keys", {})


def for_writing(engine: AsyncEngine) -> AsyncEngine:
    """Return a view of ``engine`` whose transactions take SQLite's write lock when they begin."""
    return engine.execution_options(write=True)


def _create_engine(url: str, tree: str, server_settings: dict[str, str]) -> AsyncEngine:
    drivername = sa.make_url(url).drivername
    if drivername == "sqlite+aiosqlite":
        return _create_sqlite_engine(url)
    if drivername == "postgresql+asyncpg":
        settings = {"application_name": f"guildhall-{tree}", **server_settings}
        engine = create_async_engine(url, connect_args={"server_settings": settings}, hide_parameters=True)
        check_pooled(engine)
        return engine
    words = {"log": "log", "keys": "key store"}[tree]
    raise ValueError(f"The {words} needs sqlite+aiosqlite or postgresql+asyncpg, not {drivername}.")


def _create_sqlite_engine(url: str) -> AsyncEngine:
    engine = create_async_engine(url, connect_args={"isolation_level": None}, hide_parameters=True)
    sa.event.listen(engine.sync_engine, "connect", set_pragmas)
    sa.event.listen(engine.sync_engine, "begin", _begin)
    return engine


def set_pragmas(connection: Any, _record: object) -> None:  # noqa: ANN401 - the driver's own class
    """Give a new connection to a SQLite log its settings."""
    cursor = connection.cursor()
    for pragma in (
        # Both before anything is written. Pages twice as large as usual take a fifth off the processor time
        # of an append; a log that is pruned gives its pages back (audit.custody.space).
        f"page_size={PAGE_BYTES}",
        "auto_vacuum=INCREMENTAL",
        f"busy_timeout={BUSY_TIMEOUT_MS}",
        "journal_mode=WAL",
        "synchronous=FULL",
        # A pass of the worker dirties more pages than the usual 2 MiB of cache and 4 MiB of WAL hold at once.
        "cache_size=-16384",
        f"wal_autocheckpoint={WAL_BYTES // PAGE_BYTES}",
        "foreign_keys=ON",
        "secure_delete=ON",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: Connection) -> None:
    # A plain BEGIN that later writes fails at once as locked when another writer was quicker.
    writes = connection.get_execution_options().get("write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
