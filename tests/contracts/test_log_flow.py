"""While a spool is behind, what is read meanwhile is logged in the same transaction: all of it, and once."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from audit import canonical, models, outbox
from audit import sequencer as sequencing
from audit.entry_rows import Pending
from audit.event import Outcome
from audit.fold import CallOutcome
from audit.log import Log
from audit.reader import LogReader
from audit.record import Record
from audit.sequencer import Sequencer
from audit.spool import reader
from audit.spool.files import spool_path
from audit.spool.writer import SpoolWriter
from audit.tree import merkle
from tests.audit.log_store import START, Store, a_record, id_of

pytestmark = pytest.mark.slow

DONE = CallOutcome(outcome=Outcome.SUCCESS, ended=START + 1).to_bytes()
CHUNK = 6_000
"""Bytes of a spool, which hold a few calls."""
SECOND = 1_000_000


@pytest.fixture
async def writer(store: Store, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[SpoolWriter]:
    """The spool of a gateway, of which little is read at a time."""
    monkeypatch.setattr(sequencing, "FIRST_BYTES", CHUNK)
    monkeypatch.setattr(reader, "CHUNK_BYTES", CHUNK)
    opened = SpoolWriter.open(store.spools, "gateway", rotate_bytes=4 * CHUNK)
    yield opened
    await opened.close()


@pytest.fixture
async def log(store: Store) -> Log:
    """A log that has begun."""
    return await store.begin()


@pytest.fixture
def sequencer(store: Store, log: Log) -> Sequencer:
    """A worker that signs each second, of a clock that stands still."""
    return Sequencer(store.main, log, store.spools, store.checkpointer(log), store.clock, sign_every=SECOND)


@pytest.fixture
async def calls(writer: SpoolWriter) -> list[Record]:
    """Sixty calls that were spooled, three of them open at any time."""
    records = [a_record() for _ in range(60)]
    await spool(writer, records)
    return records


async def spool(writer: SpoolWriter, records: Sequence[Record]) -> None:
    """Spool calls."""
    waiting = list[int]()
    for record in records:
        waiting.append(await writer.append_durable(record.to_bytes()))
        if len(waiting) == 3:
            writer.append_outcome(waiting.pop(0), DONE)
    for number in waiting:
        writer.append_outcome(number, DONE)


async def run(sequencer: Sequencer) -> list[int]:
    """Run until nothing waits, and return how much moved each time."""
    moved = [await sequencer.run_once()]
    while moved[-1]:
        moved.append(await sequencer.run_once())
    await sequencer.sign()
    return moved[:-1]


async def heads(store: Store) -> list[dict[str, Any]]:
    """Return the heads behind the first, once it is certain that tree and tiles are those of the entries."""
    log = LogReader(store.engine)
    entries = await log.entries(range(10_000))
    assert [one.index for one in entries] == list(range(len(entries)))
    leaves = [merkle.leaf_hash(one.head) for one in entries]
    size, signed = len(entries), await log.latest_checkpoint()
    assert signed is not None
    assert signed.size == size
    for index in (0, size // 2, size - 1):
        proof = await log.inclusion(index, size)
        merkle.verify_inclusion(leaves[index], index, size, proof, merkle.root(leaves))
    return [canonical.decode_map(one.head) for one in entries[1:]]


def ids(records: Sequence[Record]) -> list[str]:
    """Return the ids of records."""
    return [str(id_of(one)) for one in records]


async def test_a_backlog_is_logged_in_one_transaction(
    store: Store, sequencer: Sequencer, calls: list[Record]
) -> None:
    assert await run(sequencer) == [60]
    found = await heads(store)
    assert sorted(head["id"] for head in found) == sorted(ids(calls))
    assert {head["outcome"] for head in found} == {"success"}
    assert await store.count(models.open_intent) == 0


async def test_when_it_is_time_to_sign_the_rest_waits(store: Store, log: Log, calls: list[Record]) -> None:
    def clock() -> int:
        store.clock.pass_seconds(0.2)
        return store.clock()

    hurried = Sequencer(store.main, log, store.spools, store.checkpointer(log), clock, sign_every=SECOND)
    moved = await run(hurried)
    assert sum(moved) == 60
    assert len(moved) > 2
    assert sorted(head["id"] for head in await heads(store)) == sorted(ids(calls))


async def test_a_failure_in_the_middle_leaves_nothing_and_then_all_is_logged_once(
    store: Store, writer: SpoolWriter, sequencer: Sequencer, calls: list[Record]
) -> None:
    second = spool_path(store.spools, writer.producer, 1)
    away = second.rename(store.folder / "away")
    second.mkdir()
    with pytest.raises(IsADirectoryError):
        await sequencer.run_once()
    assert await store.count(models.entry) == 1
    assert await store.count(models.spool_cursor) == 0
    second.rmdir()
    away.rename(second)
    assert sum(await run(sequencer)) == 60
    assert sorted(head["id"] for head in await heads(store)) == sorted(ids(calls))


async def test_an_id_that_is_there_already_is_met_a_chunk_at_a_time(
    store: Store, log: Log, sequencer: Sequencer, calls: list[Record]
) -> None:
    await log.append([Pending(a_record(event_id=id_of(calls[40])), "gateway")])
    assert len(await run(sequencer)) > 1
    found = await heads(store)
    assert len(found) == 61
    flagged = [head for head in found if head.get("flags") == [f"duplicate_id:{id_of(calls[40])}"]]
    assert len(flagged) == 1
    assert sorted(head["id"] for head in found if head not in flagged) == sorted(ids(calls))


async def test_what_the_log_must_be_asked_about_has_a_transaction_of_its_own(
    store: Store, writer: SpoolWriter, sequencer: Sequencer, calls: list[Record]
) -> None:
    await writer.append_durable(b"not a record", kind="entry")
    more = [a_record() for _ in range(20)]
    await spool(writer, more)
    moved = await run(sequencer)
    assert sum(moved) == 81
    assert len(moved) > 1
    found = await heads(store)
    assert [head["number"] for head in found if head.get("reasons") == ["unreadable_record:60"]] == [60]
    assert {head["id"] for head in found} > {*ids(calls), *ids(more)}


async def test_acts_are_logged_once_beside_a_backlog(
    store: Store, sequencer: Sequencer, calls: list[Record]
) -> None:
    acts = [a_record() for _ in range(4)]
    async with store.main.write() as session:
        for one in acts:
            await outbox.append(session, one)
    assert await run(sequencer) == [64]
    assert sorted(head["id"] for head in await heads(store)) == sorted(ids([*calls, *acts]))
    async with store.main.read() as session:
        assert await outbox.take(session, 10) == []


async def test_a_row_in_the_way_of_the_progress_costs_no_call(
    store: Store, writer: SpoolWriter, sequencer: Sequencer, calls: list[Record]
) -> None:
    last = a_record()
    number = await writer.append_durable(last.to_bytes())
    record = bytes(8) + last.to_bytes()
    row = {"producer": writer.producer, "number": number, "record": record, "opened": START}
    async with store.engine.begin() as connection:
        await connection.execute(models.open_intent.insert().values(**row, announced=False))
    moved = await sequencer.run_once()
    assert await store.count(models.entry) == 1 + moved < 61, "all was undone, and one chunk logged"
    with pytest.raises(IntegrityError):
        await run(sequencer)
    assert 1 < await store.count(models.entry) < 61
    async with store.engine.begin() as connection:
        await connection.execute(models.open_intent.delete().where(models.open_intent.c.number == number))
    await run(sequencer)
    assert sorted(head["id"] for head in await heads(store)) == sorted(ids(calls))
    assert await store.count(models.open_intent) == 1
