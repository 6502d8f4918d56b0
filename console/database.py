"""The main database: one engine, and sessions that say whether they read or write.

On SQLite a plain BEGIN upgraded to a write fails at once when another writer is active, so a
write session begins with BEGIN IMMEDIATE and a read session with BEGIN. PostgreSQL is told to keep
one snapshot for a read. Whatever keeps a database from answering is raised as one kind of error.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import sqlalchemy as sa
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry
from sqlmodel.ext.asyncio.session import AsyncSession

from audit.pooled import check_pooled
from console.governed import GovernedSession
from console.quick_cursor import open_quickly

_PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "busy_timeout=10000",
    "foreign_keys=ON",
    "secure_delete=ON",
)


class Database:
    """Opens read and write sessions on one engine."""

    def __init__(self, url: str) -> None:
        """Prepare the engine for `url` (sqlite+aiosqlite or postgresql+asyncpg); connects lazily."""
        self.engine = create_main_engine(url)
        self.commits = 0
        """How often this process has committed; whoever remembers rows asks what moved by it."""
        self._reading = _one_snapshot(self.engine)
        self._writing = self.engine.execution_options(write=True)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        """Yield a session on one consistent snapshot; nothing is ever committed.

        Raises:
            DBAPIError: the database does not answer, or refuses.
        """
        async with _answering(), _session(self._reading) as session:
            yield session

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncSession]:
        """Yield a session whose work is committed at the end, or rolled back on any error.

        Raises:
            DBAPIError: the database does not answer, or refuses.
        """
        try:
            async with _answering(), _session(self._writing) as session, session.begin():
                yield session
        finally:
            self.commits += 1  # also after an error: a commit may have gone through and not been confirmed

    async def ping(self) -> None:
        """Return when the database answers, else raise DBAPIError."""
        async with _answering(), self.engine.connect() as connection:
            await connection.execute(sa.text("SELECT 1"))

    async def close(self) -> None:
        """Give back every connection."""
        await self.engine.dispose()


def _session(engine: AsyncEngine) -> AsyncSession:
    return AsyncSession(engine, expire_on_commit=False, sync_session_class=GovernedSession)


@asynccontextmanager
async def _answering() -> AsyncIterator[None]:
    # asyncpg lets the socket's own errors through, and the pool has one of its own.
    try:
        yield
    except (OSError, PoolTimeoutError) as error:
        raise OperationalError("(connect)", None, error, hide_parameters=True) from error


def create_main_engine(url: str) -> AsyncEngine:
    """Return the engine of the main tree, with SQLite made durable and explicit about its locks.

    Parameters of statements never reach an error's text: they are names, addresses and secrets.
    """
    if not url.startswith("sqlite"):
        engine = create_async_engine(url, pool_size=10, max_overflow=10, hide_parameters=True)
        check_pooled(engine)
        return engine
    quick = {"async_creator_fn": open_quickly}
    engine = create_async_engine(url, hide_parameters=True, connect_args=quick)
    sa.event.listen(engine.sync_engine, "connect", _prepare_sqlite)
    sa.event.listen(engine.sync_engine, "begin", _begin_sqlite)
    return engine


def _one_snapshot(engine: AsyncEngine) -> AsyncEngine:
    if engine.dialect.name != "postgresql":
        return engine
    return engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


def _prepare_sqlite(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in _PRAGMAS:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: sa.Connection) -> None:
    writes = connection.get_execution_options().get("write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
