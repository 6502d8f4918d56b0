import asyncio
from collections.abc import Callable
from uuid import UUID

import pytest
from sqlalchemy.exc import OperationalError

from audit import canonical, models, outbox, verify
from audit import sequencer as sequencing
from audit.event import Outcome
from audit.fold import CallOutcome
from audit.lease import FileLease, LeaseTakenError
from audit.log import StaleEpochError
from audit.models import Outbox
from audit.reader import LogReader
from audit.record import Record
from audit.sequencer import hold_log
from audit.spool import reader
from audit.spool.files import list_producers, spool_path
from audit.spool.writer import SpoolWriter
from audit.tree.proof import Proof, format_proof
from tests.audit.log_store import START, Store, a_record, id_of
from tests.patience import PATIENCE

DONE = CallOutcome(outcome=Outcome.SUCCESS, ended=START + 1)


async def put(store: Store, *records: Record) -> None:
    async with store.main.write() as session:
        for record in records:
            await outbox.append(session, record)


async def heads(store: Store) -> list[dict[str, object]]:
    return [canonical.decode_map(one.head) for one in await LogReader(store.engine).entries(range(1, 10_000))]


async def waiting(store: Store) -> int:
    async with store.main.read() as session:
        return len(await outbox.take(session, 1_000))


async def test_acts_are_logged_signed_and_leave_the_outbox(store: Store) -> None:
    sequencer = store.sequencer(await store.begin())
    records = [a_record(time=START + 2), a_record(time=START + 1)]
    await put(store, *records)
    assert await sequencer.run_once() == 2
    assert await sequencer.run_once() == 0
    assert await waiting(store) == 0
    logged = await heads(store)
    assert [head["id"] for head in logged] == [str(id_of(record)) for record in reversed(records)]
    assert [(head["producer"], head["number"]) for head in logged] == [("outbox", 0), ("outbox", 1)]
    signed = await LogReader(store.engine).latest_checkpoint()
    assert signed is not None
    assert signed.size == 3


async def test_a_crash_between_log_and_outbox_logs_nothing_twice(store: Store) -> None:
    log = await store.begin()
    record = a_record()
    await put(store, record)
    await store.sequencer(log).run_once()
    await put(store, record, a_record())
    assert await store.sequencer(log).run_once() == 2
    assert await waiting(store) == 0
    assert [head["number"] for head in await heads(store)] == [0, 1]


async def test_a_row_that_is_no_record_stays_and_the_rest_goes_on(store: Store) -> None:
    sequencer = store.sequencer(await store.begin())
    await put(store, a_record())
    async with store.main.write() as session:
        session.add(Outbox(event_id=UUID(int=7), created=0, record=b"{}"))
        session.add(Outbox(event_id=UUID(int=8), created=0, record=a_record().to_bytes()))
    assert await sequencer.run_once() == 1
    assert await waiting(store) == 2


async def test_a_call_is_one_entry_also_when_its_outcome_comes_later(store: Store) -> None:
    sequencer = store.sequencer(await store.begin())
    writer = SpoolWriter.open(store.spools, "gateway")
    first, second, refusal = a_record(), a_record(), a_record(outcome=Outcome.DENIED)
    numbers = [await writer.append_durable(one.to_bytes()) for one in (first, second)]
    await writer.append_durable(refusal.to_bytes(), kind="entry")
    writer.append_outcome(numbers[0], DONE.to_bytes())
    assert await sequencer.run_once() == 2
    assert await store.count(models.open_intent) == 1
    failed = CallOutcome(outcome=Outcome.FAILURE, ended=START, reasons=("upstream_failed",))
    writer.append_outcome(numbers[1], failed.to_bytes())
    assert await sequencer.run_once() == 1
    assert await store.count(models.open_intent) == 0
    logged = {head["id"]: head for head in await heads(store)}
    assert [logged[str(id_of(one))]["outcome"] for one in (first, second, refusal)] == [
        "success",
        "failure",
        "denied",
    ]
    assert logged[str(id_of(second))]["reasons"] == ["upstream_failed"]
    assert sorted(int(str(head["number"])) for head in logged.values()) == [0, 1, 2]
    assert {head["producer"] for head in logged.values()} == {writer.producer}
    await writer.close()


async def test_calls_of_a_dead_process_end_as_unknown(store: Store) -> None:
    log = await store.begin()
    writer = SpoolWriter.open(store.spools, "gateway")
    orphan = a_record()
    await writer.append_durable(orphan.to_bytes())
    await store.sequencer(log).run_once()
    await writer.close()
    sequencer = store.sequencer(log)
    await sequencer.run_once()
    call, lost = sorted(await heads(store), key=lambda head: str(head["action"]))
    assert (call["id"], call["outcome"], call["reasons"]) == (str(id_of(orphan)), "unknown", ["outcome_lost"])
    assert (lost["action"], lost["reasons"]) == ("producer.lost", ["open_calls:1"])
    assert lost["flags"] == [f"producer:{writer.producer}"]
    await sequencer.run_once()
    assert list_producers(store.spools) == []
    assert not spool_path(store.spools, writer.producer, 0).exists()


async def test_a_spool_that_vanished_with_its_directory_leaves_no_call_open(store: Store) -> None:
    log = await store.begin()
    writer = SpoolWriter.open(store.spools, "gateway")
    await writer.append_durable(a_record().to_bytes())
    await store.sequencer(log).run_once()
    await writer.close()
    for path in store.spools.iterdir():
        path.unlink()
    sequencer = store.sequencer(log)
    await sequencer.run_once()
    assert await heads(store) == [], "a folder may be away for a moment"
    store.clock.pass_seconds(61)
    await sequencer.run_once()
    assert {head["outcome"] for head in await heads(store)} == {"unknown"}
    assert await store.count(models.open_intent) == 0


async def test_a_call_open_for_a_minute_is_announced_once_and_still_ends(store: Store) -> None:
    log = await store.begin()
    writer = SpoolWriter.open(store.spools, "gateway")
    intent = a_record()
    number = await writer.append_durable(intent.to_bytes())
    await store.sequencer(log).run_once()
    store.clock.pass_seconds(61)
    assert [await store.sequencer(log).run_once() for _ in range(2)] == [1, 0]
    (announced,) = await heads(store)
    assert announced["action"] == "model.invoke.open"
    assert announced["reasons"] == [f"still_open:{id_of(intent)}"]
    writer.append_outcome(number, DONE.to_bytes())
    await store.sequencer(log).run_once()
    assert (await heads(store))[1]["outcome"] == "success"
    await writer.close()


async def test_damage_in_a_spool_is_an_entry_and_the_file_is_kept(store: Store) -> None:
    sequencer = store.sequencer(await store.begin())
    writer = SpoolWriter.open(store.spools, "gateway")
    await writer.append_durable(a_record().to_bytes())
    await writer.append_durable(a_record().to_bytes(), kind="entry")
    await writer.close()
    path = spool_path(store.spools, writer.producer, 0)
    path.write_bytes(path.read_bytes() + bytes([9]) * 100)
    for _ in range(3):
        await sequencer.run_once()
    logged = await heads(store)
    assert sorted(str(head["outcome"]) for head in logged) == ["success", "unknown", "unknown", "unknown"]
    lost = [str(head["reasons"]) for head in logged if head["action"] == "producer.lost"]
    assert any(f"spool_corrupt:{path.stat().st_size - 100}" in reasons for reasons in lost)
    assert path.exists()
    assert list_producers(store.spools) == []


async def test_a_record_that_cannot_be_read_leaves_no_gap(store: Store) -> None:
    sequencer = store.sequencer(await store.begin())
    writer = SpoolWriter.open(store.spools, "gateway")
    await writer.append_durable(b"not a record", kind="entry")
    number = await writer.append_durable(a_record().to_bytes())
    writer.append_outcome(number, b"not an outcome")
    await sequencer.run_once()
    logged = sorted(await heads(store), key=lambda head: int(str(head["number"])))
    assert [(head["number"], head["reasons"]) for head in logged] == [
        (0, ["unreadable_record:0"]),
        (1, ["outcome_unreadable"]),
    ]
    await writer.close()


async def test_large_spools_are_read_through_and_deleted(store: Store) -> None:
    sequencer = store.sequencer(await store.begin())
    writer = SpoolWriter.open(store.spools, "gateway", rotate_bytes=5_000)
    for _ in range(30):
        writer.append_outcome(await writer.append_durable(a_record().to_bytes()), DONE.to_bytes())
    while await sequencer.run_once():
        pass
    assert len(await heads(store)) == 30
    assert not spool_path(store.spools, writer.producer, 0).exists()
    await writer.close()


async def test_what_was_collected_ahead_is_logged_once_also_after_a_failure(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sequencing, "FIRST_BYTES", 6_000)
    monkeypatch.setattr(reader, "CHUNK_BYTES", 6_000)
    log = await store.begin()
    sequencer = store.sequencer(log)
    writer = SpoolWriter.open(store.spools, "gateway")
    records = [a_record() for _ in range(60)]
    for record in records:
        writer.append_outcome(await writer.append_durable(record.to_bytes()), DONE.to_bytes())
    assert await sequencer.run_once()
    before = await store.count(models.entry)
    assert 1 < before < 60
    async with store.engine.begin() as connection:
        await connection.exec_driver_sql("ALTER TABLE body RENAME TO away")
    with pytest.raises(OperationalError):
        await sequencer.run_once()
    async with store.engine.begin() as connection:
        await connection.exec_driver_sql("ALTER TABLE away RENAME TO body")
    assert await store.count(models.entry) == before
    while await sequencer.run_once():
        pass
    assert sorted(str(head["id"]) for head in await heads(store)) == sorted(
        str(id_of(one)) for one in records
    )
    await writer.close()


async def test_an_overtaken_worker_changes_nothing_and_its_successor_logs_all(store: Store) -> None:
    first = store.sequencer(await store.begin())
    await first.run_once()
    writer = SpoolWriter.open(store.spools, "gateway")
    await writer.append_durable(a_record().to_bytes(), kind="entry")
    await put(store, a_record())
    successor = store.log()
    await successor.take_epoch()
    with pytest.raises(StaleEpochError):
        await first.run_once()
    assert await waiting(store) == 1
    assert await store.sequencer(successor).run_once() == 2
    with pytest.raises(StaleEpochError):
        await first.sign()
    await writer.close()


async def test_one_holder_at_a_time_and_each_with_a_higher_epoch(store: Store) -> None:
    log = await store.begin()
    path = store.folder / "log.lease"
    async with hold_log(FileLease(path), log) as first:
        with pytest.raises(LeaseTakenError):
            await FileLease(path).take()
    async with hold_log(FileLease(path), store.log()) as second:
        assert second == first + 1


async def test_runs_until_told_to_stop_and_leaves_nothing_unsigned(store: Store) -> None:
    log = await store.begin()
    stop = asyncio.Event()
    running = asyncio.create_task(store.sequencer(log).run(stop))
    await put(store, a_record())
    await until_signed(store, 2)
    await put(store, a_record())
    stop.set()
    await running
    assert await waiting(store) == 0
    await until_signed(store, 3)


async def test_an_outage_is_waited_out(store: Store) -> None:
    log = await store.begin()
    worker = store.sequencer(log)
    async with store.main.engine.begin() as connection:
        await connection.exec_driver_sql("ALTER TABLE outbox RENAME TO away")
    stop = asyncio.Event()
    running = asyncio.create_task(worker.run(stop))
    await until(lambda: worker.trouble is not None)
    assert worker.trouble == "The log cannot be written: OperationalError."
    async with store.main.engine.begin() as connection:
        await connection.exec_driver_sql("ALTER TABLE away RENAME TO outbox")
    await put(store, a_record())
    await until_signed(store, 2)
    stop.set()
    await running
    assert worker.trouble is None


@pytest.mark.slow
async def test_twenty_thousand_entries_are_proven_to_the_offline_verifier(store: Store) -> None:
    sequencer = store.sequencer(await store.begin())
    writer = SpoolWriter.open(store.spools, "gateway")
    template = a_record()
    records = [
        Record({**template.head_fields, "id": str(UUID(int=number + 1))}, template.parts).to_bytes()
        for number in range(20_000)
    ]
    await asyncio.gather(*(writer.append_durable(record, kind="entry") for record in records))
    while await sequencer.run_once():
        pass
    reader = LogReader(store.engine)
    signed = await reader.latest_checkpoint()
    assert signed is not None
    assert signed.size == 20_001
    for index in (0, 1, 255, 256, 12_345, 19_999, 20_000):
        (entry,) = await reader.entries(range(index, index + 1))
        hashes = await reader.inclusion(index, signed.size)
        proof = Proof(index, tuple(hashes), signed.note.encode(), entry.head)
        path = store.folder / "one.tlog-proof"
        path.write_bytes(format_proof(proof))
        assert verify.verify(path, store.signer.vkey).ok
    await writer.close()


async def until_signed(store: Store, size: int) -> None:
    reader = LogReader(store.engine)
    async with asyncio.timeout(PATIENCE):
        while (signed := await reader.latest_checkpoint()) is None or signed.size < size:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def until(is_true: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not is_true():  # noqa: ASYNC110
            await asyncio.sleep(0.01)
