"""The stored keys of subjects: made once, wrapped by the key-encryption key, read by every process.

The key-encryption key lies in a file of its own, outside every database backup: a restore brings no one back.
"""

import os
import stat
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Final
from uuid import UUID

from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from audit.errors import KeyFileError, UnknownSubjectError
from audit.keyring import KEY_SIZE, SubjectKey, new_key, unwrap, wrap
from audit.models import NOBODY, SubjectKeyRow

OpenSession = Callable[[], AbstractAsyncContextManager[AsyncSession]]
CACHE_MICROSECONDS: Final = 5_000_000
CACHE_SIZE: Final = 10_000


async def ensure_key(session: AsyncSession, subject: UUID | None, kek: bytes, now: int) -> SubjectKey:
    """Return the subject's key, made now (microseconds UTC) when there is none; None is the installation.

    Raises:
        UnknownSubjectError: the key was erased; it is never made again.
        UnwrapError: the stored key does not open under ``kek``.
    """
    if (row := await _find_row(session, subject)) is None:
        key = new_key(subject)
        await _insert_unless_there(session, key, wrap(kek, key), now)
        row = await _find_row(session, subject)
    return _open(row, subject, kek)


async def find_key(session: AsyncSession, subject: UUID | None, kek: bytes) -> SubjectKey:
    """Return the subject's key with a SELECT alone.

    Raises:
        UnknownSubjectError: never made, or erased.
        UnwrapError: the stored key does not open under ``kek``.
    """
    return _open(await _find_row(session, subject), subject, kek)


def load_kek(path: Path) -> bytes:
    """Return the 32-byte key-encryption key in ``path`` (mode 0600), made when the file is absent.

    Raises:
        KeyFileError: others may read the file, or it does not hold 32 bytes.
    """
    if not path.exists():
        _create_kek(path)
    with path.open("rb") as file:
        if stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o077:
            raise KeyFileError(f"{path.name} may be read by others; its mode must be 0600.")
        kek = file.read()
    if len(kek) != KEY_SIZE:
        raise KeyFileError(f"{path.name} does not hold {KEY_SIZE} bytes.")
    return kek


class CachedKeyRing:
    """A key ring for a process that may only SELECT: keys are prepared, then used, for at most five seconds.

    So an erased key is gone from every process after five seconds, and without the database none is left.
    """

    def __init__(self, open_session: OpenSession, kek: bytes, clock: Callable[[], int]) -> None:
        self._open_session = open_session
        self._kek = kek
        self._clock = clock
        self._keys: dict[UUID | None, tuple[SubjectKey, int]] = {}

    async def prepare(self, *subjects: UUID | None) -> None:
        """Read the keys that are missing or five seconds old, so that ``key_for`` answers at once.

        Raises:
            UnknownSubjectError: a subject's key was never made, or is erased.
        """
        missing = [subject for subject in subjects if self._fresh(subject) is None]
        if not missing:
            return
        self._make_room()
        async with self._open_session() as session:
            for subject in missing:
                self._keys.pop(subject, None)
                key = await find_key(session, subject, self._kek)
                self._keys[subject] = (key, self._clock())

    def key_for(self, subject: UUID | None) -> SubjectKey:
        """Return a prepared key, as ``KeyRing`` says."""
        key = self._fresh(subject)
        if key is None:
            raise UnknownSubjectError(subject)
        return key

    def _fresh(self, subject: UUID | None) -> SubjectKey | None:
        key, read = self._keys.get(subject, (None, 0))
        return key if self._clock() - read < CACHE_MICROSECONDS else None

    def _make_room(self) -> None:
        if len(self._keys) >= CACHE_SIZE:
            self._keys = {subject: kept for subject, kept in self._keys.items() if self._fresh(subject)}


async def _find_row(session: AsyncSession, subject: UUID | None) -> SubjectKeyRow | None:
    statement = select(SubjectKeyRow).where(col(SubjectKeyRow.subject) == _stored(subject))
    # Refreshed: a key erased by another process must not live on in this session's identity map.
    return (await session.exec(statement.execution_options(populate_existing=True))).one_or_none()


async def _insert_unless_there(session: AsyncSession, key: SubjectKey, wrapped: bytes, now: int) -> None:
    dialect = session.get_bind().dialect.name
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    values = {"key_id": key.key_id, "subject": _stored(key.subject), "wrapped": wrapped, "created": now}
    await session.exec(
        insert(SubjectKeyRow).values(**values).on_conflict_do_nothing(index_elements=["subject"])
    )


def _open(row: SubjectKeyRow | None, subject: UUID | None, kek: bytes) -> SubjectKey:
    if row is None or row.wrapped is None:
        raise UnknownSubjectError(subject)
    return unwrap(kek, row.key_id, subject, row.wrapped)


def _stored(subject: UUID | None) -> UUID:
    return NOBODY if subject is None else subject


def _create_kek(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = path.with_name(f"{path.name}.{os.getpid()}.new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(descriptor, os.urandom(KEY_SIZE))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    try:
        os.link(fresh, path)  # fails when another process was quicker: its key is the key
    except FileExistsError:
        pass
    finally:
        fresh.unlink()
