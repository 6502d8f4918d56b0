"""What is signed, again and again, and what never: past remembered heads, on a log that was set back."""

from collections.abc import Sequence

import pytest
import sqlalchemy as sa

from audit import models
from audit.checkpoints.checkpoint import Checkpoint, parse_checkpoint, sign_checkpoint
from audit.checkpoints.cosignature import FileCosigner, verify_cosignature
from audit.checkpoints.last_signed import ForkRefusedError
from audit.checkpoints.note import ML_DSA_44_COSIGNATURE, parse_any_vkey, parse_note
from audit.checkpoints.signing import UNASKED, Checkpointer, LogKeys
from audit.checkpoints.trust import Trust
from audit.log import Log
from audit.reader import LogReader
from audit.tree.merkle import HASH_SIZE, Frontier, node_hash
from audit.tree.tile_rows import load_tile
from tests.audit.log_store import ORIGIN, START, Store, pending

QUANTUM = FileCosigner(ORIGIN, ML_DSA_44_COSIGNATURE, b"\x09" * 32)
MINUTE = 60_000_000


class Heads:
    """Remembers what it is told to remember."""

    def __init__(self, *notes: str) -> None:
        self.notes: list[str] | None = list(notes)
        self.told: list[str] = []

    def known(self) -> Sequence[str] | None:
        return self.notes

    def tell(self, note: str) -> None:
        self.told.append(note)


def checkpointer(store: Store, log: Log, heads: Heads | None = None) -> Checkpointer:
    return Checkpointer(store.engine, log, LogKeys(store.signer, QUANTUM), heads=heads)


async def latest(store: Store) -> str:
    found = await LogReader(store.engine).latest_checkpoint()
    assert found is not None
    return found.note


def quantum_times(note: str) -> list[int]:
    parsed, key = parse_note(note.encode()), parse_any_vkey(QUANTUM.vkey)
    lines = [one for one in parsed.signatures if one.key_id == key.key_id]
    return [verify_cosignature(one, key, parsed.text) for one in lines]


async def test_the_newest_checkpoint_carries_both_signatures_and_a_receipt_one(store: Store) -> None:
    log = await store.begin()
    await checkpointer(store, log).sign(START)
    note = await latest(store)
    assert quantum_times(note) == [START // 1_000_000]
    both = Trust.of_keys([store.signer.vkey, QUANTUM.vkey])
    assert both.check(note.encode(), now=0).size == 1
    receipt = await LogReader(store.engine).receipt_checkpoint(0)
    assert receipt is not None
    assert len(receipt.note) < 300
    assert both.check(receipt.note.encode(), now=0, whole=False).size == 1


async def test_an_idle_log_is_signed_again_each_minute_with_a_fresh_time(store: Store) -> None:
    log = await store.begin()
    signs = checkpointer(store, log)
    assert await signs.republish(START) is None  # nothing is signed yet
    await signs.sign(START)
    assert await signs.republish(START + MINUTE - 1) is None
    assert await signs.republish(START + MINUTE) is not None
    assert await signs.republish(START + MINUTE + 1) is None
    assert quantum_times(await latest(store)) == [(START + MINUTE) // 1_000_000]
    await log.append(pending(1))
    assert await signs.republish(START + 3 * MINUTE) is None  # it grew: that is for ``sign``
    assert await store.count(models.checkpoint) == 1
    assert await store.count(models.published) == 1


async def test_nothing_is_signed_until_those_who_remember_were_asked(store: Store) -> None:
    log, heads = await store.begin(), Heads()
    heads.notes = None
    signs = checkpointer(store, log, heads)
    assert await signs.sign(START) is None
    assert str(signs.trouble) == UNASKED
    sequencer = store.sequencer(log, signs)
    await sequencer.run_once()
    assert await store.count(models.checkpoint) == 0
    heads.notes = []
    await sequencer.run_once()
    assert await store.count(models.checkpoint) == 1
    assert parse_checkpoint(parse_note(heads.told[0].encode()).text).size == 1


async def test_a_rolled_back_log_is_refused_by_a_remembered_head_alone(store: Store) -> None:
    log = await store.begin()
    first = await checkpointer(store, log).sign(START)
    assert first is not None
    longer = sign_checkpoint(type(first)(ORIGIN, 9, bytes(32)), store.signer).decode()
    with pytest.raises(ForkRefusedError, match="1 entries, but 9 were signed"):
        await checkpointer(store, log, Heads(longer)).sign(START)


async def test_a_split_view_is_refused_by_a_remembered_head_alone(store: Store) -> None:
    log = await store.begin()
    other = sign_checkpoint(type(await signed(store, log))(ORIGIN, 1, bytes(32)), store.signer).decode()
    await log.append(pending(3))
    heads = Heads()
    signs = checkpointer(store, log, heads)
    assert await signs.sign(START) is not None
    heads.notes = [other]
    await log.append(pending(1))
    with pytest.raises(ForkRefusedError, match="first 1 entries are not the ones"):
        await signs.sign(START)
    with pytest.raises(ForkRefusedError):
        await signs.republish(START + MINUTE)


async def test_a_tree_whose_tiles_contradict_each_other_is_not_signed(store: Store) -> None:
    """Old leaf hashes left in place beside a new root above them: each root alone could be computed."""
    log = await store.begin()
    await log.append(pending(299))
    signs = checkpointer(store, log)
    assert await signs.sign(START) is not None
    await log.append(pending(212))
    async with store.engine.begin() as connection:
        above = await load_tile(connection, 1, 0)
        forged = above[:HASH_SIZE] + b"\x07" * HASH_SIZE
        await connection.execute(sa.update(models.tile).where(models.tile.c.level == 1).values(hashes=forged))
        frontier = Frontier(512, [node_hash(forged[:HASH_SIZE], forged[HASH_SIZE:])])
        await connection.execute(sa.update(models.log_head).values(frontier=b"".join(frontier.hashes)))
    with pytest.raises(ForkRefusedError):
        await signs.sign(START + MINUTE)


async def signed(store: Store, log: Log) -> Checkpoint:
    found = await checkpointer(store, log).sign(START)
    assert found is not None
    return found


async def test_a_key_the_log_does_not_name_signs_nothing(store: Store) -> None:
    log = await store.begin()
    stranger = Store(store.folder, store.engine, store.main, store.keys).signer
    with pytest.raises(ForkRefusedError, match="not the one that signs"):
        await Checkpointer(store.engine, log, stranger).sign(START)
    assert await store.count(models.checkpoint) == 0


async def test_witness_lines_stand_under_the_newest_and_in_receipts(store: Store) -> None:
    log = await store.begin()
    signs, reader = checkpointer(store, log), LogReader(store.engine)
    for _ in range(3):
        await signs.sign(START)
        await log.append(pending(2))
    lines = {3: "\u2014 w1 AAAAAAA=\n", 5: "\u2014 w1 AAAAAAE=\n\u2014 w2 AAAAAAI=\n"}
    async with store.engine.begin() as connection:
        for size, text in lines.items():
            for place, line in enumerate(text.splitlines(keepends=True)):
                row = {"size": size, "witness": f"w{place}", "line": line, "time": START}
                await connection.execute(sa.insert(models.cosignature).values(**row))
    assert (await latest(store)).endswith(lines[5])
    one, two = await reader.receipt_checkpoint(0), await reader.receipt_checkpoint(0, quorum=2)
    assert one is not None
    assert two is not None
    assert (one.size, one.note.endswith(lines[3])) == (3, True)
    assert (two.size, two.note.endswith(lines[5])) == (5, True)
    none = await reader.receipt_checkpoint(0, quorum=3)
    assert none is not None
    assert none.size == 1
    assert len(two.note) < 400
