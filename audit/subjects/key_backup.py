"""Copies of the key store that can bring a lost store back, and cannot outlive thirty days.

A copy is a SQLite file, whatever the store is; it carries when it was made. It holds wrapped keys only:
without the key-encryption key, which lies elsewhere, it opens nothing. Whoever was erased since is still in
it, so it is taken back for thirty days and no longer; those of ours that are older are deleted.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from uuid import UUID

import sqlalchemy as sa

from audit.database import for_writing
from audit.errors import KeyBackupError
from audit.models import key_owner, subject_key
from audit.subjects.subject_keys import KeyStore, insert_unless_there

Row = dict[str, object]
LIFETIME_DAYS: Final = 30
_DAY: Final = 86_400_000_000
_FORM: Final = "subject-%Y%m%dT%H%M%SZ.db"
_KEYS: Final = "SELECT key_id, subject, wrapped, created, erased FROM subject_key"
_TABLES: Final = (
    "CREATE TABLE made (time INTEGER NOT NULL, owner TEXT)",
    "CREATE TABLE subject_key (key_id TEXT, subject TEXT, wrapped BLOB, created INTEGER, erased INTEGER)",
)


async def write_backup(store: KeyStore, folder: Path, now: int) -> Path:
    """Write all keys, wrapped, into a new file in ``folder``, named by ``now`` (microseconds UTC).

    Raises:
        FileExistsError: one was made in the same second.
        KeyStoreError: the store does not answer.
    """
    owner = await store.owner()
    async with store.engine.connect() as connection:
        rows = (await connection.execute(sa.select(subject_key))).all()
    path = _name(folder, now)
    with _opened(path) as copy:
        for statement in _TABLES:
            copy.execute(statement)
        copy.execute("INSERT INTO made VALUES (?, ?)", (now, str(owner) if owner else None))
        values = [(str(key), str(subject), *rest) for key, subject, *rest in rows]
        copy.executemany("INSERT INTO subject_key VALUES (?, ?, ?, ?, ?)", values)
    return path


async def restore_backup(store: KeyStore, path: Path, now: int) -> int:
    """Put the keys of a copy into the store where it has none for the subject; an erased one stays erased.

    Returns:
        How many keys the copy holds.

    Raises:
        KeyBackupError: the file is no copy of ours, is older than thirty days, or another installation's.
        KeyStoreError: the store does not answer.
    """
    made, owner, rows = _read(path)
    if now - made > LIFETIME_DAYS * _DAY:
        raise KeyBackupError(
            f"{path.name} is older than {LIFETIME_DAYS} days: who was erased would come back."
        )
    if await store.owner() not in (None, owner):
        raise KeyBackupError(f"{path.name} holds the keys of another installation.")
    async with for_writing(store.engine).begin() as connection:
        if owner is not None:
            await insert_unless_there(connection, key_owner, "id", {"id": 1, "installation": owner})
        for row in rows:
            await insert_unless_there(connection, subject_key, "subject", row)
    return len(rows)


def prune_backups(folder: Path, now: int) -> list[Path]:
    """Delete the copies in ``folder`` that are older than thirty days, and return them."""
    old = [path for path, made in list_backups(folder) if now - made > LIFETIME_DAYS * _DAY]
    for path in old:
        path.unlink(missing_ok=True)
    return old


def list_backups(folder: Path) -> list[tuple[Path, int]]:
    """Return the copies in ``folder`` by name, each with when it was made (microseconds UTC)."""
    return [(path, made) for path in sorted(folder.glob("subject-*.db")) if (made := _made(path)) is not None]


def _name(folder: Path, now: int) -> Path:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / datetime.fromtimestamp(now // 1_000_000, UTC).strftime(_FORM)
    path.touch(mode=0o600, exist_ok=False)
    return path


def _made(path: Path) -> int | None:
    try:
        return round(datetime.strptime(path.name, _FORM).replace(tzinfo=UTC).timestamp()) * 1_000_000
    except ValueError:
        return None


def _read(path: Path) -> tuple[int, UUID | None, list[Row]]:
    if not path.is_file():
        raise KeyBackupError(f"There is no file {path}.")
    try:
        with _opened(path) as copy:
            ((made, owner),) = copy.execute("SELECT time, owner FROM made").fetchall()
            found = copy.execute(
                "SELECT key_id, subject, wrapped, created, erased FROM subject_key"
            ).fetchall()
        rows = [_row(*values) for values in found]
        return int(made), UUID(owner) if owner else None, rows
    except (sqlite3.Error, ValueError, TypeError):
        raise KeyBackupError(f"{path.name} is no copy of a key store.") from None


def _row(
    key_id: str, subject: str, wrapped: bytes | None, created: int, erased: int | None
) -> dict[str, object]:
    named = {"key_id": UUID(key_id), "subject": UUID(subject)}
    return {**named, "wrapped": wrapped, "created": created, "erased": erased}


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(path)) as copy, copy:
        yield copy
