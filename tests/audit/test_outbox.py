import pytest

from audit import outbox
from tests.audit.log_store import START, Store, a_record, id_of


async def test_gives_the_oldest_first_and_keeps_what_is_not_deleted(store: Store) -> None:
    records = [a_record(time=START + seconds) for seconds in (3, 1, 2)]
    async with store.main.write() as session:
        assert [await outbox.append(session, record) for record in records] == [id_of(one) for one in records]
    async with store.main.write() as session:
        taken = await outbox.take(session, 2)
        assert [event_id for event_id, _ in taken] == [id_of(records[1]), id_of(records[2])]
        assert taken[0][1] == records[1].to_bytes()
        await outbox.delete(session, [event_id for event_id, _ in taken])
    async with store.main.read() as session:
        assert [event_id for event_id, _ in await outbox.take(session, 10)] == [id_of(records[0])]


async def test_goes_with_the_callers_transaction(store: Store) -> None:
    with pytest.raises(RuntimeError):
        await _append_and_fail(store)
    async with store.main.read() as session:
        assert await outbox.take(session, 10) == []


async def _append_and_fail(store: Store) -> None:
    async with store.main.write() as session:
        await outbox.append(session, a_record())
        raise RuntimeError
