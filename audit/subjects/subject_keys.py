"""The stored keys of subjects: made once, wrapped by the key-encryption key, read by every process.

They lie in a database of their own and the key-encryption key in a file, so that no backup of bodies holds
what opens them. A key is durable before the record sealed under it can commit; a record that then fails
leaves a key that seals nothing, which harms no one.
"""

from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils.compat import uuid7

from audit.database import create_keys_engine, for_writing
from audit.errors import KeyStoreError, UnknownSubjectError
from audit.models import NOBODY, key_owner, subject_key
from audit.subjects.keyring import MemoryKeyRing, SubjectKey, new_key, unwrap, wrap

CACHE_MICROSECONDS: Final = 5_000_000
CACHE_SIZE: Final = 10_000


class KeyStore:
    """The keys of all subjects in the database at ``url``, wrapped under the 32-byte ``kek``."""

    def __init__(self, url: str, kek: bytes, clock: Callable[[], int]) -> None:
        self.engine = create_keys_engine(url)
        self._writing = for_writing(self.engine)
        self._kek = kek
        self._clock = clock
        self._sure: dict[UUID | None, tuple[SubjectKey, int]] = {}

    async def ensure(self, subjects: Iterable[UUID | None]) -> MemoryKeyRing:
        """Return a ring with the key of each subject (None is the installation), made durable where missing.

        A key found durable is taken again for at most five seconds, as every process takes those it reads:
        what is sealed under a key destroyed meanwhile is as unreadable as everything before it.

        Raises:
            UnknownSubjectError: a key was erased; it is never made again.
            UnwrapError: a stored key does not open under the key-encryption key.
            KeyStoreError: the store does not answer.
        """
        wanted, now = set(subjects), self._clock()
        sure = {one: key for one in wanted if (key := self._still_sure(one, now)) is not None}
        if unsure := wanted - sure.keys():
            self._sure = {} if len(self._sure) >= CACHE_SIZE else self._sure
            for key in await self._read_or_make(unsure):
                sure[key.subject] = key
                self._sure[key.subject] = key, now
        return MemoryKeyRing(sure.values())

    async def _read_or_make(self, subjects: Iterable[UUID | None]) -> list[SubjectKey]:
        # In one order for all: two transactions that make the same new keys must not wait for each other.
        wanted = sorted(subjects, key=str)
        async with _answering(), self.engine.connect() as connection:
            found = await _read(connection, wanted)
        if missing := [subject for subject in wanted if _stored(subject) not in found]:
            async with _answering(), self._writing.begin() as connection:
                await self._insert(connection, missing)
                found = await _read(connection, wanted)
        return [self._open(found, subject) for subject in wanted]

    def _still_sure(self, subject: UUID | None, now: int) -> SubjectKey | None:
        key, read = self._sure.get(subject, (None, 0))
        return key if 0 <= now - read < CACHE_MICROSECONDS else None

    async def find(self, subject: UUID | None) -> SubjectKey:
        """Return the subject's key with a SELECT alone.

        Raises:
            UnknownSubjectError: never made, or erased.
            UnwrapError: the stored key does not open under the key-encryption key.
            KeyStoreError: the store does not answer.
        """
        async with _answering(), self.engine.connect() as connection:
            return self._open(await _read(connection, [subject]), subject)

    async def destroy(self, erased: Mapping[UUID, int]) -> int:
        """Destroy the keys of these subjects, each at its time (microseconds UTC); none is made again.

        Returns:
            How many were still there.

        Raises:
            KeyStoreError: the store does not answer.
        """
        gone = await self.erased()
        if not (left := {subject: time for subject, time in erased.items() if subject not in gone}):
            return 0
        async with _answering(), self._writing.begin() as connection:
            for subject, time in left.items():
                await _destroy(connection, subject, time)
        self._sure = {}
        return len(left)

    async def erased(self) -> set[UUID]:
        """Return the subjects whose keys are destroyed.

        Raises:
            KeyStoreError: the store does not answer.
        """
        gone = sa.select(subject_key.c.subject).where(subject_key.c.wrapped.is_(None))
        async with _answering(), self.engine.connect() as connection:
            return set((await connection.execute(gone)).scalars())

    async def find_all(self, subjects: Iterable[UUID | None]) -> dict[UUID | None, SubjectKey | None]:
        """Return the keys of those subjects that ever had one; None once it was erased.

        Raises:
            UnwrapError: a stored key does not open under the key-encryption key.
            KeyStoreError: the store does not answer.
        """
        wanted = sorted(set(subjects), key=str)
        async with _answering(), self.engine.connect() as connection:
            found = await _read(connection, wanted)
        known = [subject for subject in wanted if _stored(subject) in found]
        gone = {subject for subject in known if found[_stored(subject)]["wrapped"] is None}
        return {subject: None if subject in gone else self._open(found, subject) for subject in known}

    async def owner(self) -> UUID | None:
        """Return the id of the installation whose keys these are; None while the store is new.

        Raises:
            KeyStoreError: the store does not answer.
        """
        async with _answering(), self.engine.connect() as connection:
            return await connection.scalar(sa.select(key_owner.c.installation))

    async def claim(self, installation: UUID) -> None:
        """Make a new store this installation's; one that has an owner keeps it.

        Raises:
            KeyStoreError: the store does not answer.
        """
        async with _answering(), self._writing.begin() as connection:
            await insert_unless_there(connection, key_owner, "id", {"id": 1, "installation": installation})

    async def ping(self) -> None:
        """Return when the store answers.

        Raises:
            KeyStoreError: it does not.
        """
        await self.owner()

    async def close(self) -> None:
        """Give back every connection."""
        await self.engine.dispose()

    async def _insert(self, connection: AsyncConnection, subjects: Sequence[UUID | None]) -> None:
        values = [
            {
                "key_id": key.key_id,
                "subject": _stored(key.subject),
                "wrapped": wrap(self._kek, key),
                "created": self._clock(),
            }
            for key in map(new_key, subjects)
        ]
        await insert_unless_there(connection, subject_key, "subject", *values)

    def _open(self, found: dict[UUID, sa.RowMapping], subject: UUID | None) -> SubjectKey:
        row = found.get(_stored(subject))
        if row is None or row["wrapped"] is None:
            raise UnknownSubjectError(subject)
        return unwrap(self._kek, row["key_id"], subject, bytes(row["wrapped"]))


class CachedKeyRing:
    """A key ring for a process that may only SELECT: keys are prepared, then used, for at most five seconds.

    So an erased key is gone from every process after five seconds, and without the store none is left.
    """

    def __init__(self, store: KeyStore, clock: Callable[[], int]) -> None:
        self._store = store
        self._clock = clock
        self._keys: dict[UUID | None, tuple[SubjectKey, int]] = {}

    async def prepare(self, *subjects: UUID | None) -> None:
        """Read the keys that are missing or five seconds old, so that ``key_for`` answers at once.

        Raises:
            UnknownSubjectError: a subject's key was never made, or is erased.
            KeyStoreError: the store does not answer.
        """
        missing = [subject for subject in subjects if self._fresh(subject) is None]
        if missing:
            self._make_room()
        for subject in missing:
            self._keys.pop(subject, None)
            key = await self._store.find(subject)
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


async def insert_unless_there(
    connection: AsyncConnection, table: sa.Table, unique: str, *rows: dict[str, object]
) -> None:
    """Insert each row, unless one with the same value in the column ``unique`` is there."""
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    await connection.execute(insert(table).on_conflict_do_nothing(index_elements=[unique]), list(rows))


async def _read(connection: AsyncConnection, subjects: Iterable[UUID | None]) -> dict[UUID, sa.RowMapping]:
    wanted = sa.select(subject_key).where(subject_key.c.subject.in_([_stored(one) for one in subjects]))
    return {row["subject"]: row for row in (await connection.execute(wanted)).mappings()}


async def _destroy(connection: AsyncConnection, subject: UUID, time: int) -> None:
    # A subject that never had a key gets the mark of an erased one: none is made for them later.
    mark = {"key_id": uuid7(), "subject": subject, "created": time, "erased": time}
    await insert_unless_there(connection, subject_key, "subject", mark)
    own = subject_key.update().where(subject_key.c.subject == subject, subject_key.c.wrapped.is_not(None))
    await connection.execute(own.values(wrapped=None, erased=time))


def _stored(subject: UUID | None) -> UUID:
    return NOBODY if subject is None else subject


@asynccontextmanager
async def _answering() -> AsyncIterator[None]:
    try:
        yield
    except (SQLAlchemyError, OSError) as error:
        raise KeyStoreError(f"The store of subject keys does not answer ({type(error).__name__}).") from error
