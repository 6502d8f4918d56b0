"""SQLite statements in one hop to the connection's thread: made, run, read and closed there.

The driver goes there and back for each of the four; waking a thread that often was a third of what a
statement cost in processor time. Rows are read whole, as SQLAlchemy's own cursor for this driver reads them.
"""

import sqlite3
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Self

import aiosqlite

_ROWS_AT_ONCE = 64
"""How many rows the driver's own iterator takes; nothing here iterates by it."""


class QuickCursor:
    """What SQLAlchemy's adapter asks of a cursor of this driver."""

    def __init__(self, connection: "QuickConnection") -> None:
        """Run on `connection`; nothing is made there yet."""
        self._connection = connection
        self._rows: list[Any] = []
        self.description: Any = None
        self.rowcount = -1
        self.lastrowid: int | None = None
        self.arraysize = 1

    async def __aenter__(self) -> Self:
        """Return itself: there is nothing to open."""
        return self

    async def execute(self, sql: str, parameters: Sequence[Any] = ()) -> Self:
        """Run one statement and read what it gives."""
        await self._connection.in_thread(partial(self._run, sql, parameters))
        return self

    async def executemany(self, sql: str, parameters: Sequence[Sequence[Any]]) -> Self:
        """Run one statement for each row of parameters."""
        await self._connection.in_thread(partial(self._run_many, sql, parameters))
        return self

    async def fetchall(self) -> list[Any]:
        """Return the rows not taken yet."""
        rows, self._rows = self._rows, []
        return rows

    async def close(self) -> None:
        """Drop what was read; the driver's own cursor was closed when it ended."""
        self._rows = []

    def _run(self, sql: str, parameters: Sequence[Any]) -> None:
        self._take(self._connection.raw().execute(sql, parameters))

    def _run_many(self, sql: str, parameters: Sequence[Sequence[Any]]) -> None:
        self._take(self._connection.raw().executemany(sql, parameters))

    def _take(self, cursor: Any) -> None:  # noqa: ANN401 - the driver's own class
        self.description = cursor.description
        self._rows = cursor.fetchall() if cursor.description else []
        self.rowcount, self.lastrowid = cursor.rowcount, cursor.lastrowid
        cursor.close()


class QuickConnection(aiosqlite.Connection):
    """The driver's connection, with the cursors above."""

    def cursor(self) -> QuickCursor:  # type: ignore[override] # the adapter opens and closes it as it says
        """Return a cursor; its thread hears of it with the first statement."""
        return QuickCursor(self)

    def raw(self) -> sqlite3.Connection:
        """Return the connection its thread works on."""
        return self._conn

    async def in_thread(self, work: Callable[[], None]) -> None:
        """Let the connection's thread do `work`."""
        await self._execute(work)  # type: ignore[no-untyped-call] # the driver has no types here


def open_quickly(database: str, **options: Any) -> QuickConnection:  # noqa: ANN401 - as sqlite3 has them
    """Return a connection to be awaited, as SQLAlchemy's `async_creator_fn` is asked for one."""
    connection = QuickConnection(partial(sqlite3.connect, database, **options), _ROWS_AT_ONCE)
    connection._thread.daemon = True  # noqa: SLF001 - as SQLAlchemy does for those it makes: no exit waits
    return connection
