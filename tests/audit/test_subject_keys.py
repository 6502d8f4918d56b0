from pathlib import Path
from uuid import UUID

import pytest
import sqlalchemy as sa
from uuid_utils.compat import uuid7

from audit.errors import KeyFileError, UnknownSubjectError, UnwrapError
from audit.models import NOBODY, SubjectKeyRow
from audit.subject_keys import CachedKeyRing, ensure_key, find_key, load_kek
from tests.audit.log_store import START, Store

KEK = bytes(range(32))


@pytest.mark.parametrize("subject", [None, UUID(int=5)])
async def test_a_subject_has_one_key_which_lies_wrapped(store: Store, subject: UUID | None) -> None:
    async with store.main.write() as session:
        made = await ensure_key(session, subject, KEK, START)
        assert await ensure_key(session, subject, KEK, START + 1) == made
    async with store.main.read() as session:
        assert await find_key(session, subject, KEK) == made
        row = await session.get(SubjectKeyRow, made.key_id)
    assert row is not None
    assert (row.subject, row.created) == (subject or NOBODY, START)
    assert row.wrapped is not None
    assert made.secret not in row.wrapped


async def test_an_erased_key_is_never_made_again(store: Store) -> None:
    subject = uuid7()
    async with store.main.write() as session:
        await ensure_key(session, subject, KEK, START)
        await session.exec(sa.update(SubjectKeyRow).values(wrapped=None, erased=START))
        with pytest.raises(UnknownSubjectError):
            await ensure_key(session, subject, KEK, START)
        with pytest.raises(UnknownSubjectError):
            await find_key(session, subject, KEK)


async def test_another_key_encryption_key_opens_nothing(store: Store) -> None:
    async with store.main.write() as session:
        await ensure_key(session, None, KEK, START)
        with pytest.raises(UnwrapError):
            await find_key(session, None, bytes(32))


async def test_the_cached_ring_reads_once_in_five_seconds_and_then_again(store: Store) -> None:
    subject = uuid7()
    ring = CachedKeyRing(store.main.read, KEK, store.clock)
    with pytest.raises(UnknownSubjectError):
        await ring.prepare(subject)
    async with store.main.write() as session:
        key = await ensure_key(session, subject, KEK, START)
    with pytest.raises(UnknownSubjectError):
        ring.key_for(subject)
    await ring.prepare(subject)
    async with store.main.write() as session:
        await session.exec(sa.update(SubjectKeyRow).values(wrapped=None, erased=START))
    store.clock.pass_seconds(4.9)
    await ring.prepare(subject)
    assert ring.key_for(subject) == key
    store.clock.pass_seconds(0.1)
    with pytest.raises(UnknownSubjectError):
        ring.key_for(subject)
    with pytest.raises(UnknownSubjectError):
        await ring.prepare(subject)


async def test_without_the_database_no_key_is_left_after_five_seconds(store: Store) -> None:
    async with store.main.write() as session:
        await ensure_key(session, None, KEK, START)
    ring = CachedKeyRing(store.main.read, KEK, store.clock)
    await ring.prepare(None)
    async with store.main.engine.begin() as connection:
        await connection.exec_driver_sql("DROP TABLE subject_key")
    await ring.prepare(None)
    store.clock.pass_seconds(5)
    with pytest.raises(sa.exc.OperationalError):
        await ring.prepare(None)
    with pytest.raises(UnknownSubjectError):
        ring.key_for(None)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keys" / "kek"


def test_the_key_encryption_key_is_made_once_for_its_owner_alone(path: Path) -> None:
    kek = load_kek(path)
    assert len(kek) == 32
    assert load_kek(path) == kek
    assert path.stat().st_mode & 0o777 == 0o600
    assert [found.name for found in path.parent.iterdir()] == ["kek"]


def test_a_key_file_others_may_read_is_refused(path: Path) -> None:
    load_kek(path)
    path.chmod(0o640)
    with pytest.raises(KeyFileError, match="0600"):
        load_kek(path)


def test_a_damaged_key_file_is_refused(path: Path) -> None:
    load_kek(path)
    path.write_bytes(b"short")
    with pytest.raises(KeyFileError, match="32 bytes"):
        load_kek(path)
