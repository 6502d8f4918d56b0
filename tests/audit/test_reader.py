from uuid import UUID

import pytest

from audit import models
from audit.body import check_parts, decode_parts
from audit.checkpoints.checkpoint import parse_checkpoint
from audit.checkpoints.note import parse_note
from audit.entry_rows import Pending
from audit.errors import ProofError, TileError
from audit.head import Head
from audit.reader import LogReader
from audit.tree import merkle, tiles
from tests.audit.log_store import START, Store, a_record, id_of, pending


async def test_an_empty_database_has_nothing(store: Store) -> None:
    reader = LogReader(store.engine)
    assert await reader.size() == 0
    assert await reader.entries(range(10)) == []
    assert await reader.entry_by_id(UUID(int=1)) is None
    assert await reader.body(0) is None
    assert await reader.latest_checkpoint() is None
    assert await reader.checkpoint_covering(0) is None
    assert await reader.tile(0, 0, 1) is None
    assert await reader.entry_bundle(0, 1) is None


async def test_an_entry_is_found_by_id_with_the_body_its_head_commits_to(store: Store) -> None:
    log, record = await store.begin(), a_record()
    await log.append([*pending(2), Pending(record, "gateway")])
    reader = LogReader(store.engine)
    entry = await reader.entry_by_id(id_of(record))
    assert entry is not None
    assert entry.index == 3
    assert entry.leaf == merkle.leaf_hash(entry.head)
    stored = await reader.body(3)
    assert stored is not None
    check_parts(decode_parts(stored), Head.parse(entry.head).body)


async def test_the_first_checkpoint_that_covers_an_entry(store: Store) -> None:
    log, reader = await store.begin(), LogReader(store.engine)
    for _ in range(3):
        await log.append(pending(2))
        await store.checkpointer(log).sign(START)
    covering = [await reader.checkpoint_covering(index) for index in range(8)]
    assert [found.size if found else None for found in covering] == [3, 3, 3, 5, 5, 7, 7, None]
    latest = await reader.latest_checkpoint()
    assert latest == covering[6]


async def test_every_proof_from_stored_tiles_holds(store: Store) -> None:
    log, reader = await store.begin(), LogReader(store.engine)
    for size in (254, 1, 2, 300):
        await log.append(pending(size))
    leaves = [entry.leaf for entry in await reader.entries(range(1_000))]
    assert len(leaves) == await reader.size() == 558
    for size in (1, 255, 256, 257, 512, 558):
        root = merkle.root(leaves[:size])
        for index in {0, size // 2, size - 1}:
            proof = await reader.inclusion(index, size)
            merkle.verify_inclusion(leaves[index], index, size, proof, root)
        steps = await reader.consistency(size, 558)
        merkle.verify_consistency(size, 558, steps, root, merkle.root(leaves))
    with pytest.raises(ProofError):
        await reader.inclusion(558, 558)
    with pytest.raises(TileError):
        await reader.inclusion(0, 600)


async def test_tiles_and_bundles_are_those_of_the_specification(store: Store) -> None:
    log, reader = await store.begin(), LogReader(store.engine)
    await log.append(pending(599))
    entries = await reader.entries(range(600))
    expected = dict(tiles.hash_tiles([entry.leaf for entry in entries]))
    assert {
        tiles.tile_path(0, 0): await reader.tile(0, 0),
        tiles.tile_path(0, 1): await reader.tile(0, 1),
        tiles.tile_path(0, 2, 88): await reader.tile(0, 2, 88),
        tiles.tile_path(1, 0, 2): await reader.tile(1, 0, 2),
    } == expected
    assert await reader.tile(0, 2, 89) is None
    assert await reader.tile(0, 0, 5) == b"".join(entry.leaf for entry in entries[:5])
    bundle = await reader.entry_bundle(2, 88)
    assert bundle == tiles.encode_bundle([entry.head for entry in entries[512:]])
    assert await reader.entry_bundle(2) is None


async def test_a_dropped_body_leaves_entry_and_proof(store: Store) -> None:
    log, reader = await store.begin(), LogReader(store.engine)
    await log.append(pending(3))
    await store.checkpointer(log).sign(START)
    async with store.engine.begin() as connection:
        await connection.execute(models.body.delete().where(models.body.c.index == 2))
    assert await reader.body(2) is None
    signed = await reader.checkpoint_covering(2)
    assert signed is not None
    root = parse_checkpoint(parse_note(signed.note.encode()).text).root
    (entry,) = await reader.entries(range(2, 3))
    merkle.verify_inclusion(entry.leaf, 2, signed.size, await reader.inclusion(2, signed.size), root)
