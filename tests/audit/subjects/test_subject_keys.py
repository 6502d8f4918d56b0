from uuid import UUID

import pytest
import sqlalchemy as sa
from uuid_utils.compat import uuid7

from audit.database import for_writing
from audit.errors import KeyStoreError, UnknownSubjectError, UnwrapError
from audit.models import NOBODY, subject_key
from audit.subjects.subject_keys import CachedKeyRing, KeyStore
from tests.audit.log_store import START, Store


@pytest.mark.parametrize("subject", [None, UUID(int=5)])
async def test_a_subject_has_one_key_which_lies_wrapped(store: Store, subject: UUID | None) -> None:
    made = (await store.keys.ensure([subject])).key_for(subject)
    store.clock.pass_seconds(1)
    assert (await store.keys.ensure([subject])).key_for(subject) == made
    assert await store.keys.find(subject) == made
    async with store.keys.engine.connect() as connection:
        row = (await connection.execute(sa.select(subject_key))).mappings().one()
    assert (row["subject"], row["created"]) == (subject or NOBODY, START)
    assert made.secret not in row["wrapped"]


async def test_several_keys_are_made_at_once(store: Store) -> None:
    subjects = [None, uuid7(), uuid7()]
    ring = await store.keys.ensure(subjects)
    assert [await store.keys.find(one) for one in subjects] == [ring.key_for(one) for one in subjects]


async def test_an_erased_key_is_never_made_again(store: Store) -> None:
    subject = uuid7()
    await store.keys.ensure([subject])
    await erase_all(store)
    store.clock.pass_seconds(5)
    for asked in (store.keys.ensure([subject]), store.keys.find(subject)):
        with pytest.raises(UnknownSubjectError):
            await asked


async def test_a_key_destroyed_here_is_gone_at_once_and_one_destroyed_elsewhere_in_five_seconds(
    store: Store,
) -> None:
    here, elsewhere = uuid7(), uuid7()
    ring = await store.keys.ensure([here, elsewhere])
    await store.keys.destroy({here: START})
    with pytest.raises(UnknownSubjectError):
        await store.keys.ensure([here])
    await store.keys.ensure([elsewhere])
    await erase_all(store)
    store.clock.pass_seconds(4.9)
    kept = await store.keys.ensure([elsewhere])
    assert kept.key_for(elsewhere) == ring.key_for(elsewhere)
    store.clock.pass_seconds(0.1)
    with pytest.raises(UnknownSubjectError):
        await store.keys.ensure([elsewhere])


async def test_another_key_encryption_key_opens_nothing(store: Store) -> None:
    await store.keys.ensure([None])
    other = KeyStore(str(store.keys.engine.url), bytes(32), store.clock)
    with pytest.raises(UnwrapError):
        await other.find(None)
    await other.close()


async def test_a_store_keeps_its_first_owner(store: Store) -> None:
    first = uuid7()
    assert await store.keys.owner() is None
    for one in (first, uuid7()):
        await store.keys.claim(one)
        assert await store.keys.owner() == first


async def test_the_cached_ring_reads_once_in_five_seconds_and_then_again(store: Store) -> None:
    subject = uuid7()
    ring = CachedKeyRing(store.keys, store.clock)
    with pytest.raises(UnknownSubjectError):
        await ring.prepare(subject)
    key = (await store.keys.ensure([subject])).key_for(subject)
    with pytest.raises(UnknownSubjectError):
        ring.key_for(subject)
    await ring.prepare(subject)
    await erase_all(store)
    store.clock.pass_seconds(4.9)
    await ring.prepare(subject)
    assert ring.key_for(subject) == key
    store.clock.pass_seconds(0.1)
    with pytest.raises(UnknownSubjectError):
        ring.key_for(subject)
    with pytest.raises(UnknownSubjectError):
        await ring.prepare(subject)


async def test_without_the_store_no_key_is_left_after_five_seconds(store: Store) -> None:
    await store.keys.ensure([None])
    ring = CachedKeyRing(store.keys, store.clock)
    await ring.prepare(None)
    async with for_writing(store.keys.engine).begin() as connection:
        await connection.exec_driver_sql("DROP TABLE subject_key")
    await ring.prepare(None)
    store.clock.pass_seconds(5)
    with pytest.raises(KeyStoreError):
        await ring.prepare(None)
    with pytest.raises(UnknownSubjectError):
        ring.key_for(None)


async def erase_all(store: Store) -> None:
    async with for_writing(store.keys.engine).begin() as connection:
        await connection.execute(subject_key.update().values(wrapped=None, erased=START))
