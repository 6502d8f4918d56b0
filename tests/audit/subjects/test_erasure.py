"""A key is destroyed once for all; what the log or the outbox tells of is caught up with."""

from pathlib import Path
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine
from uuid_utils.compat import uuid7

from audit import outbox
from audit.entry_rows import Pending
from audit.errors import UnknownSubjectError
from audit.event import Event, Outcome, Resource
from audit.events import Action
from audit.models import subject_key
from audit.record import Record, seal
from audit.subjects.erasure import erase_subjects, told_by_log, told_by_outbox
from audit.subjects.keyring import MemoryKeyRing, unwrap
from audit.subjects.register import Erasure, ErasureRegister
from audit.subjects.sweep import sweep
from tests.audit.log_store import KEK, START, Store, a_record


@pytest.fixture
def register(store: Store) -> ErasureRegister:
    return ErasureRegister(store.folder / "erased")


async def test_an_erased_subject_has_no_key_and_gets_none(store: Store, register: ErasureRegister) -> None:
    gone, never, kept = uuid7(), uuid7(), uuid7()
    ring = await store.keys.ensure([gone, kept, None])
    erasures = [Erasure(one, uuid7(), START + 1) for one in (gone, never)]
    assert await erase_subjects(store.keys, register, erasures) == 2
    assert await erase_subjects(store.keys, register, erasures) == 0
    assert {one.subject for one in register.read()} == {gone, never}
    for subject in (gone, never):
        with pytest.raises(UnknownSubjectError):
            await store.keys.ensure([subject])
    assert (await store.keys.ensure([kept, None])).key_for(kept) == ring.key_for(kept)


async def test_no_byte_of_the_wrapped_key_is_left_after_a_sweep(
    store: Store, register: ErasureRegister
) -> None:
    subject = uuid7()
    others = [uuid7() for _ in range(50)]
    key = (await store.keys.ensure([*others[:25], subject, *others[25:]])).key_for(subject)
    async with store.keys.engine.connect() as connection:
        row = sa.select(subject_key.c.wrapped).where(subject_key.c.subject == subject)
        wrapped = bytes(await connection.scalar(row) or b"")
    assert unwrap(KEK, key.key_id, subject, wrapped) == key
    assert holds(store.folder, wrapped)
    await erase_subjects(store.keys, register, [Erasure(subject, uuid7(), START)])
    assert await sweep(store.keys.engine, ())
    assert not holds(store.folder, wrapped)
    assert (store.folder / "subject.db-wal").stat().st_size == 0


async def test_a_reader_in_the_way_is_said_and_the_sweep_can_be_had_later(store: Store) -> None:
    await store.keys.ensure([None])
    impatient = create_async_engine(store.keys.engine.url, connect_args={"timeout": 0})
    async with store.keys.engine.connect() as reader:
        await reader.execute(sa.select(subject_key))
        await store.keys.ensure([uuid7()])
        assert not await sweep(impatient, ())
    assert await sweep(impatient, ())
    await impatient.dispose()


async def test_the_log_and_the_outbox_tell_of_erasures(store: Store) -> None:
    log, (logged, waiting) = await store.begin(), (uuid7(), uuid7())
    records = [erasing(subject, outcome) for subject in (logged, waiting) for outcome in Outcome]
    await log.append([Pending(record, "gateway") for record in [*records[:4], a_record()]])
    async with store.main.write() as session:
        for record in [*records[4:], a_record()]:
            await outbox.append(session, record)
    assert [(one.subject, one.time) for one in await told_by_log(store.engine)] == [(logged, START)]
    async with store.main.read() as session:
        assert [(one.subject, one.time) for one in await told_by_outbox(session)] == [(waiting, START)]


def erasing(subject: UUID, outcome: Outcome) -> Record:
    about = Resource(type="person", id=subject)
    event = Event(action=Action.SUBJECT_ERASE, actor=uuid7(), resource=about, outcome=outcome)
    return seal(event, time=START, keys=MemoryKeyRing())


def holds(folder: Path, text: bytes) -> bool:
    return any(text in path.read_bytes() for path in folder.iterdir() if path.is_file())
