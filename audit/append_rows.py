"""Rows go in through the database's own driver: SQLAlchemy's insert alone takes as long as all the rest.

It happens on the connection, and so in the transaction, that the caller holds through SQLAlchemy. Failures
come as SQLAlchemy's own errors, so that whoever handles an outage need not know which database it is.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import chain, islice
from typing import Any, Final, NoReturn, Protocol

import aiosqlite
import asyncpg
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection

Values = Sequence[object]

# One statement takes as many rows as there are parameters in the oldest SQLite still in use: fewer steps
# through its machine for each row, and fewer times the interpreter's lock is given up and asked for.
_PARAMETERS: Final = 999


class Rows(Protocol):
    """Puts rows into tables, inside a transaction that somebody else began and will end."""

    async def insert(self, table: sa.Table, columns: Sequence[str], values: Sequence[Values]) -> None:
        """Insert rows, given as the ``values`` of each of ``columns``. Ids are 32 hex digits.

        Raises:
            IntegrityError: a row that must be the only one of its kind is there already.
            DBAPIError: the database failed otherwise.
        """
        ...


async def rows_on(connection: AsyncConnection) -> Rows:
    """Return what puts rows in on ``connection``, which is inside a transaction already."""
    driver = (await connection.get_raw_connection()).driver_connection
    if isinstance(driver, aiosqlite.Connection):
        return SqliteRows(driver)
    return PostgresRows(driver)


class SqliteRows:
    """SQLite: ``executemany`` of a statement for many rows, then of one for each row that is left."""

    def __init__(self, driver: aiosqlite.Connection) -> None:
        self._driver = driver

    async def insert(self, table: sa.Table, columns: Sequence[str], values: Sequence[Values]) -> None:
        """Insert rows, as ``Rows`` says."""
        at_once = _PARAMETERS // len(columns)
        rows = zip(*values, strict=True)
        whole = (tuple(chain.from_iterable(islice(rows, at_once))) for _ in range(len(values[0]) // at_once))
        await self._execute(_statement(table.name, tuple(columns), at_once), whole)
        await self._execute(_statement(table.name, tuple(columns), 1), rows)

    async def _execute(self, statement: str, parameters: Iterable[Sequence[object]]) -> None:
        try:
            async with self._driver.executemany(statement, parameters):
                pass
        except sqlite3.Error as error:
            raise DBAPIError.instance(statement, None, error, sqlite3.Error) from error


class PostgresRows:
    """PostgreSQL: binary COPY."""

    def __init__(self, driver: Any) -> None:  # noqa: ANN401 - asyncpg has no types
        self._driver = driver

    async def insert(self, table: sa.Table, columns: Sequence[str], values: Sequence[Values]) -> None:
        """Insert rows, as ``Rows`` says."""
        if not values[0]:
            return
        rows = zip(*values, strict=True)
        try:
            await self._driver.copy_records_to_table(table.name, records=rows, columns=columns)
        except asyncpg.IntegrityConstraintViolationError as error:
            _refuse(IntegrityError, table, error)
        except (asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            _refuse(OperationalError, table, error)


def _refuse(kind: type[DBAPIError], table: sa.Table, error: Exception) -> NoReturn:
    raise kind(f"COPY {table.name}", None, error) from error


@lru_cache(maxsize=64)
def _statement(table: str, columns: tuple[str, ...], rows: int) -> str:
    # OR FAIL: the caller ends the whole transaction anyway, so nothing needs to be noted for undoing one
    # statement of it.
    names = ", ".join(f'"{column}"' for column in columns)
    values = ", ".join([f"({', '.join('?' * len(columns))})"] * rows)
    return f'INSERT OR FAIL INTO "{table}" ({names}) VALUES {values}'  # noqa: S608 - our own names
