from dataclasses import replace

import pytest
import sqlalchemy as sa

from audit import canonical, models
from audit.checkpoints.checkpoint import verify_checkpoint
from audit.checkpoints.last_signed import ForkRefusedError
from audit.entry_rows import Pending
from audit.log import LogExistsError, LogMissingError, StaleEpochError, genesis_record
from audit.reader import LogReader
from audit.tree import merkle
from tests.audit.log_store import ORIGIN, START, Store, a_record, id_of, pending


async def test_begins_once_with_an_entry_that_names_profile_and_key(store: Store) -> None:
    log = await store.begin()
    (first,) = await LogReader(store.engine).entries(range(10))
    head = canonical.decode_map(first.head)
    assert head["action"] == "log.genesis"
    assert head["flags"] == ["profile:embedded", f"vkey:{store.signer.vkey}"]
    assert (head["producer"], head["number"]) == ("log", 0)
    with pytest.raises(LogExistsError):
        await log.create(ORIGIN, genesis_record(profile="embedded", vkey=store.signer.vkey, now=START))


async def test_refuses_to_write_a_log_that_never_began(store: Store) -> None:
    assert not await store.log().exists()
    with pytest.raises(LogMissingError):
        await store.log().take_epoch()
    with pytest.raises(LogMissingError):
        await store.log().append(pending(1))


async def test_indexes_are_dense_and_the_root_is_that_of_the_heads(store: Store) -> None:
    log = await store.begin()
    sizes = [1, 254, 1, 2, 255, 300, 513, 7]
    ranges = [await log.append(pending(size)) for size in sizes]
    assert [(found.start, len(found)) for found in ranges] == [
        (1 + sum(sizes[:place]), size) for place, size in enumerate(sizes)
    ]
    entries = await LogReader(store.engine).entries(range(10_000))
    assert [one.index for one in entries] == list(range(1 + sum(sizes)))
    checkpoint = await store.checkpointer(log).sign(START)
    assert checkpoint is not None
    assert checkpoint.root == merkle.root(merkle.leaf_hash(one.head) for one in entries)


async def test_what_is_known_is_skipped_and_numbers_stay_dense(store: Store) -> None:
    log = await store.begin()
    records = [Pending(a_record(), "outbox") for _ in range(4)]
    await log.append(records[:2])
    assert len(await log.append([*records, records[3]])) == 2
    entries = await LogReader(store.engine).entries(range(1, 10))
    assert [canonical.decode_map(one.head)["number"] for one in entries] == [0, 1, 2, 3]


async def test_another_record_under_a_known_id_is_kept_and_flagged(store: Store) -> None:
    log = await store.begin()
    record = a_record()
    other = a_record(event_id=id_of(record))
    await log.append([Pending(record, "gateway", 0)])
    assert len(await log.append([Pending(other, "gateway", 1)])) == 1
    (last,) = await LogReader(store.engine).entries(range(2, 3))
    assert last.id != id_of(record)
    assert canonical.decode_map(last.head)["flags"] == [f"duplicate_id:{id_of(record)}"]


async def test_a_failed_append_changes_nothing(store: Store) -> None:
    log = await store.begin()
    await log.append([Pending(a_record(), "gateway", 5)])
    with pytest.raises(sa.exc.IntegrityError):
        await log.append([Pending(a_record(), "gateway", 6), Pending(a_record(), "gateway", 5)])
    assert await store.count(models.entry) == 2
    assert await log.append([Pending(a_record(), "gateway", 6)]) == range(2, 3)


async def test_who_was_replaced_can_neither_append_nor_sign(store: Store) -> None:
    first = await store.begin()
    second = store.log()
    await second.take_epoch()
    with pytest.raises(StaleEpochError):
        await first.append(pending(1))
    with pytest.raises(StaleEpochError):
        await store.checkpointer(first).sign(START)
    assert await second.append(pending(1)) == range(1, 2)


async def test_signs_each_size_once(store: Store) -> None:
    log = await store.begin()
    assert await store.checkpointer(log).sign(START) is not None
    assert await store.checkpointer(log).sign(START) is None
    await log.append(pending(3))
    signed = await store.checkpointer(log).sign(START)
    stored = await LogReader(store.engine).latest_checkpoint()
    assert stored is not None
    assert verify_checkpoint(stored.note.encode(), store.signer.vkey) == signed


async def test_refuses_to_sign_when_a_tile_was_changed(store: Store) -> None:
    log = await store.begin()
    await store.checkpointer(log).sign(START)
    async with store.engine.begin() as connection:
        await connection.execute(models.tile.update().values(hashes=b"\7" * 32))
    await log.append(pending(1))
    with pytest.raises(ForkRefusedError):
        await store.checkpointer(log).sign(START)


async def test_refuses_to_sign_what_another_key_signed_before(store: Store) -> None:
    log = await store.begin()
    await store.checkpointer(log).sign(START)
    await log.append(pending(1))
    stranger = Store(store.folder, store.engine, store.main, store.keys).signer
    with pytest.raises(ForkRefusedError):
        await store.checkpointer(log, signer=stranger).sign(START)


async def test_a_database_restored_from_backup_cannot_sign_its_second_history(store: Store) -> None:
    await store.begin()
    log = store.log()
    await log.take_epoch()
    await log.append(pending(4))
    lost = await store.checkpointer(log, remembers=True).sign(START)
    assert lost is not None
    restored = await _restore_genesis(store)
    log = restored.log()
    await log.take_epoch()
    with pytest.raises(ForkRefusedError, match="5 were signed"):
        await restored.checkpointer(log, remembers=True).sign(START)
    await log.append(pending(lost.size))
    with pytest.raises(ForkRefusedError, match="not the ones that were signed"):
        await restored.checkpointer(log, remembers=True).sign(START)
    await restored.close()


async def test_entries_and_checkpoints_refuse_change(store: Store) -> None:
    log = await store.begin()
    await store.checkpointer(log).sign(START)
    for table in (models.entry, models.checkpoint):
        for statement in (table.delete(), table.update().values(time=1)):
            async with store.engine.connect() as connection:
                with pytest.raises(sa.exc.IntegrityError, match="append-only"):
                    await connection.execute(statement)


async def _restore_genesis(store: Store) -> Store:
    folder = store.folder / "restored"
    folder.mkdir()
    restored = replace(await Store.open(folder), signer=store.signer)
    (store.folder / "last-signed").rename(folder / "last-signed")
    await restored.begin()
    return restored
