"""Whether a pooled connection to PostgreSQL still stands, without asking the server at every checkout.

SQLAlchemy's ``pool_pre_ping`` asks each time, in three round trips (begin, an empty query, roll back): a
third of all that a short read waits for. The driver knows by itself when the server has closed a connection,
and only one that rested long enough for something between the two to have forgotten it has to be asked.
"""

import time
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.pool import ConnectionPoolEntry

RESTED: Final = 5.0
"""After how many seconds in the pool a connection is asked whether it still answers."""
_SINCE: Final = "resting_since"


def check_pooled(engine: AsyncEngine) -> None:
    """Let each checkout from the pool of an asyncpg `engine` replace a connection that no longer stands."""
    sa.event.listen(engine.sync_engine, "checkin", _rest)
    sa.event.listen(engine.sync_engine, "checkout", _check)


def _rest(_connection: DBAPIConnection | None, record: ConnectionPoolEntry) -> None:
    record.info[_SINCE] = time.monotonic()


def _check(connection: DBAPIConnection, record: ConnectionPoolEntry, _proxy: object) -> None:
    driver = record.driver_connection
    if driver is None or driver.is_closed():
        raise DisconnectionError("The server has closed this connection.")
    if time.monotonic() - record.info.get(_SINCE, time.monotonic()) >= RESTED:
        _ask(connection)


def _ask(connection: DBAPIConnection) -> None:
    try:
        connection.ping()
    except Exception as error:
        raise DisconnectionError("This connection does not answer any more.") from error
