"""What the log promises on every database it may live in."""

import asyncio
from uuid import UUID

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy.engine import Connection
from uuid_utils.compat import uuid7

from audit import models, outbox
from audit.entry_rows import Pending
from audit.event import Outcome
from audit.fold import CallOutcome
from audit.history import append_row, as_of, open_rows
from audit.lease import LeaseTakenError, choose_lease
from audit.log import StaleEpochError
from audit.models import RowVersion, log_metadata
from audit.reader import LogReader
from audit.sequencer import hold_log
from audit.spool.writer import SpoolWriter
from audit.tree import merkle
from tests.audit.log_store import START, Store, a_record, id_of, pending

pytestmark = pytest.mark.slow


async def test_models_and_migrations_agree(store: Store) -> None:
    def differences(connection: Connection) -> list[object]:
        return list(compare_metadata(MigrationContext.configure(connection), log_metadata))

    async with store.engine.connect() as connection:
        assert await connection.run_sync(differences) == []


async def test_indexes_are_dense_and_the_signed_root_is_that_of_the_heads(store: Store) -> None:
    log = await store.begin()
    for size in (1, 254, 2, 300):
        await log.append(pending(size))
    checkpoint = await store.checkpointer(log).sign(START)
    reader = LogReader(store.engine)
    entries = await reader.entries(range(1_000))
    assert [one.index for one in entries] == list(range(558))
    assert checkpoint is not None
    assert checkpoint.root == merkle.root(merkle.leaf_hash(one.head) for one in entries)
    proof = await reader.inclusion(300, 558)
    merkle.verify_inclusion(entries[300].leaf, 300, 558, proof, checkpoint.root)


async def test_times_beyond_32_bits_and_all_columns_come_back(store: Store) -> None:
    log, request, actor = await store.begin(), uuid7(), uuid7()
    record = a_record(request=request, actor=actor)
    await log.append([Pending(record, "gateway", 2**40)])
    async with store.engine.connect() as connection:
        found = sa.select(models.entry).where(models.entry.c.request == request)
        row = (await connection.execute(found)).mappings().one()
    assert (row["id"], row["actor"], row["time"], row["number"]) == (id_of(record), actor, START, 2**40)
    assert (row["action"], row["outcome"], row["resource_type"]) == ("model.invoke", "success", "route")


async def test_two_writers_at_once_never_both_write(store: Store) -> None:
    first, second = await store.begin(), store.log()
    for _ in range(5):
        results = await asyncio.gather(
            first.append(pending(20)), second.take_epoch(), second.append(pending(20)), return_exceptions=True
        )
        strange = [one for one in results if isinstance(one, Exception) and type(one) is not StaleEpochError]
        assert strange == []
        first, second = second, first
    indexes = [one.index for one in await LogReader(store.engine).entries(range(1_000))]
    assert indexes == list(range(len(indexes)))


async def test_the_lease_has_one_holder(store: Store) -> None:
    log = await store.begin()
    path = store.folder / "log.lease"
    async with hold_log(choose_lease(store.engine, path), log) as first:
        with pytest.raises(LeaseTakenError):
            await choose_lease(store.engine, path).take()
    async with hold_log(choose_lease(store.engine, path), log) as second:
        assert second > first


async def test_outbox_and_spool_end_in_the_log_once(store: Store) -> None:
    log = await store.begin()
    writer = SpoolWriter.open(store.spools, "gateway")
    act = a_record()
    numbers = [await writer.append_durable(a_record().to_bytes()) for _ in range(3)]
    writer.append_outcome(numbers[0], CallOutcome(outcome=Outcome.SUCCESS, ended=START).to_bytes())
    for _ in range(2):
        async with store.main.write() as session:
            await outbox.append(session, act)
        await store.sequencer(log).run_once()
    assert await store.count(models.entry) == 3
    assert await store.count(models.open_intent) == 2
    store.clock.pass_seconds(61)
    await store.sequencer(log).run_once()
    await writer.close()
    sequencer = store.sequencer(log)
    for _ in range(3):
        await sequencer.run_once()
    assert await store.count(models.open_intent) == 0
    async with store.engine.connect() as connection:
        outcomes = await connection.execute(sa.select(models.entry.c.action, models.entry.c.outcome))
        assert sorted(tuple(row) for row in outcomes) == [
            ("log.genesis", "success"),
            ("model.invoke", "success"),
            ("model.invoke", "success"),
            ("model.invoke", "unknown"),
            ("model.invoke", "unknown"),
            ("model.invoke.open", "unknown"),
            ("model.invoke.open", "unknown"),
            ("producer.lost", "unknown"),
        ]


async def test_entries_and_history_refuse_change(store: Store) -> None:
    await store.begin()
    await _append_state(store, uuid7(), "a", 100, 100)
    for engine, statement in (
        (store.engine, models.entry.delete()),
        (store.engine, models.entry.update().values(time=1)),
        (store.main.engine, sa.delete(RowVersion)),
        (store.main.engine, sa.update(RowVersion).values(kind="role")),
    ):
        async with engine.connect() as connection:
            with pytest.raises(sa.exc.DBAPIError, match="append-only"):
                await connection.execute(statement)


async def test_history_answers_in_both_times(store: Store) -> None:
    row = uuid7()
    for text, since, known in (("a", 100, 100), ("b", 150, 200)):
        await _append_state(store, row, text, since, known)
    async with store.main.read() as session:
        then = await as_of(session, "grant", row, valid_at=160, known_at=199)
        now = await as_of(session, "grant", row, valid_at=160, known_at=200)
        held = await open_rows(session, "grant", valid_at=160, known_at=200)
    assert then is not None
    assert now is not None
    assert (then.row, now.row) == ('{"permission":"a"}', '{"permission":"b"}')
    assert [one.sequence for one in held] == [now.sequence]


async def test_two_processes_that_make_a_key_at_once_have_the_same(store: Store) -> None:
    subject = uuid7()

    async def make() -> bytes:
        return (await store.keys.ensure([subject])).key_for(subject).secret

    secrets = await asyncio.gather(*(make() for _ in range(4)))
    assert set(secrets) == {(await store.keys.find(subject)).secret}


async def _append_state(store: Store, row: UUID, text: str, since: int, known: int) -> None:
    async with store.main.write() as session:
        await append_row(
            session,
            kind="grant",
            row_id=row,
            row={"permission": text},
            valid_from=since,
            valid_to=None,
            recorded_at=known,
            event_id=uuid7(),
        )
