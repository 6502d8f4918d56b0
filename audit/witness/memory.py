"""What a witness remembers, in one SQLite file: the newest checkpoint it cosigned of each log."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class WitnessMemory:
    """The file. Every change is on the disk before it is told.

    ``synchronous=EXTRA`` also syncs the directory once the rollback journal is gone: a journal that comes
    back after a power cut would undo a commit that was told already (https://sqlite.org/pragma.html).
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        with self._open() as connection:
            connection.execute(
                "CREATE TABLE IF NOT EXISTS head (origin TEXT PRIMARY KEY, note TEXT NOT NULL)"
            )

    def read(self, origin: str) -> str | None:
        """Return the note cosigned last of a log."""
        with self._open() as connection:
            return self._find(connection, origin)

    @contextmanager
    def changing(self, origin: str) -> Iterator["Change"]:
        """Hold the file alone while a request is judged, so that no other comes between."""
        with self._open() as connection:
            connection.execute("BEGIN IMMEDIATE")
            change = Change(connection, origin, self._find(connection, origin))
            try:
                yield change
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        connection = sqlite3.connect(self._path, isolation_level=None, timeout=5.0)
        try:
            connection.execute("PRAGMA synchronous=EXTRA")
            yield connection
        finally:
            connection.close()

    @staticmethod
    def _find(connection: sqlite3.Connection, origin: str) -> str | None:
        row = connection.execute("SELECT note FROM head WHERE origin = ?", (origin,)).fetchone()
        return str(row[0]) if row else None


class Change:
    """One log's place in the file while it is held."""

    def __init__(self, connection: sqlite3.Connection, origin: str, note: str | None) -> None:
        self.note = note
        self._connection = connection
        self._origin = origin

    def keep(self, note: str) -> None:
        """Remember ``note`` from now on."""
        self._connection.execute("INSERT OR REPLACE INTO head VALUES (?, ?)", (self._origin, note))
