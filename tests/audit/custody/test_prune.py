"""Details past their retention go, with a tombstone; what is held, young or unapproved stays."""

import hashlib
from dataclasses import replace
from functools import partial

import pytest
import sqlalchemy as sa
from sqlmodel import select
from uuid_utils.compat import uuid7

from audit import canonical
from audit.canonical import decode_map
from audit.checkpoints.checkpoint import verify_checkpoint
from audit.checks.selfcheck import SelfCheck
from audit.custody.authority import retention_state
from audit.custody.retention import FLOOR_DAYS, MICROSECONDS_A_DAY, RetentionError, check_days
from audit.entry_rows import Pending
from audit.event import Event
from audit.events import Action
from audit.log import StaleEpochError
from audit.models import RetentionRow, RowVersion, body, pruned
from audit.record import seal
from audit.subjects.keyring import MemoryKeyRing
from audit.tree.proof import Proof, format_proof, verify
from tests.audit.custody.kept import Kept
from tests.audit.log_store import START, Store, a_record


@pytest.fixture
async def kept(store: Store) -> Kept:
    return await Kept.begin(store)


async def tombstones(kept: Kept) -> list[dict[str, object]]:
    entries = await kept.reader.entries(range(await kept.reader.size()))
    heads = [decode_map(one.head) for one in entries]
    return [head for head in heads if head["action"] == "log.prune"]


async def test_only_what_is_past_its_retention_goes_and_a_tombstone_says_so(kept: Kept) -> None:
    await kept.grow(5)
    kept.pass_days(300)
    await kept.grow(3)
    approved = await kept.keep("invoke", 200)
    assert [step.removed for step in await kept.prune_all()] == [5]
    assert await kept.bodies() == [0, *range(6, 11)]
    (said,) = await tombstones(kept)
    heads = [decode_map(one.head) for one in await kept.reader.entries(range(1, 6))]
    digest = hashlib.sha256()
    for index, head in enumerate(heads, 1):
        digest.update(index.to_bytes(8, "big") + bytes.fromhex(str(head["body"])))
    assert said["flags"] == [
        "class:invoke", "range:1-5", "removed:5", "held:0", f"digest:{digest.hexdigest()}",
        f"runs:{hashlib.sha256(b''.join(at.to_bytes(8, 'big') for at in (1, 5))).hexdigest()}",
    ]  # fmt: skip
    assert said["request"] == str(approved.change_id)
    assert await kept.prune_all() == []


async def test_proofs_receipts_and_consistency_are_as_before(kept: Kept) -> None:
    await kept.grow(20)
    before = await kept.reader.latest_checkpoint()
    assert before is not None
    receipt = await _receipt(kept, 7, before.size)
    kept.pass_days(400)
    await kept.keep("invoke", FLOOR_DAYS)
    await kept.prune_all()
    after = await kept.reader.latest_checkpoint()
    assert after is not None
    assert after.size > before.size
    assert await kept.reader.body(7) is None
    assert verify(receipt, kept.store.signer.vkey).index == 7
    assert verify(await _receipt(kept, 7, after.size), kept.store.signer.vkey).index == 7
    assert await kept.reader.consistency(before.size, after.size)


async def test_nothing_goes_before_two_people_have_approved_a_retention(kept: Kept) -> None:
    await kept.grow(5)
    kept.pass_days(4_000)
    assert await kept.prune_all() == []


async def test_a_retention_inserted_in_sql_removes_nothing(kept: Kept) -> None:
    await kept.grow(5)
    kept.pass_days(4_000)
    async with kept.store.main.write() as session:
        session.add(RetentionRow(id=uuid7(), name="invoke", days=184, change_id=uuid7(), created=START))
    assert await kept.prune_all() == []


async def test_a_retention_changed_in_sql_removes_nothing(kept: Kept) -> None:
    await kept.grow(5)
    await kept.keep("invoke", 3_000)
    kept.pass_days(2_000)
    async with kept.store.main.write() as session:
        await session.exec(sa.update(RetentionRow).values(days=184))
    assert await kept.prune_all() == []


async def test_a_retention_with_a_history_made_up_around_a_true_act_removes_nothing(kept: Kept) -> None:
    await kept.grow(5)
    approved = await kept.keep("invoke", 3_000)
    kept.pass_days(2_000)
    async with kept.store.main.write() as session:
        await session.exec(sa.update(RetentionRow).values(days=184))
        true = (await session.exec(select(RowVersion))).one()
        approved.days = 184
        forged = canonical.encode(retention_state(approved)).decode()
        fields = true.model_dump(exclude={"sequence", "row"})
        session.add(RowVersion(**fields, row=forged))
    assert await kept.prune_all() == []


@pytest.mark.parametrize("days", [0, 1, FLOOR_DAYS - 1, -400])
def test_below_the_floor_is_refused_by_name(days: int) -> None:
    with pytest.raises(RetentionError, match="at least 184 days"):
        check_days("invoke", days)


async def test_a_job_removes_earlier_than_the_schedule_but_never_above_the_floor(kept: Kept) -> None:
    await kept.grow(4)
    kept.pass_days(100)
    await kept.grow(4)
    kept.pass_days(100)
    await kept.keep("invoke", 3_000)
    job = await kept.ask("invoke", kept.store.clock())
    assert [step.removed for step in await kept.prune_all()] == [4]
    assert await kept.bodies() == [0, *range(5, await kept.reader.size())]
    await kept.pruner().finish(job.id)
    assert [permit.job for permit in (await kept.pruner().permits())[0]] == [None]


async def test_what_is_held_stays_whole_until_it_is_released(kept: Kept) -> None:
    held = uuid7()
    for _ in range(3):
        await kept.grow(4)
        await kept.grow(2, actor=held)
    kept.pass_days(400)
    hold = await kept.hold(actor=held)
    await kept.keep("invoke", 200)
    assert [(step.removed, step.held) for step in await kept.prune_all()] == [(12, 6)]
    assert [at for at in await kept.bodies() if at < 19] == [0, 5, 6, 11, 12, 17, 18]
    (said,) = await tombstones(kept)
    assert "held:6" in said["flags"]  # type: ignore[operator]
    assert await kept.prune_all() == []
    await kept.release(hold)
    assert [(step.removed, step.held) for step in await kept.prune_all()] == [(6, 0)]
    assert [at for at in await kept.bodies() if at < 19] == [0]


@pytest.mark.parametrize(
    ("conditions", "left"),
    [
        ({"first_index": 3, "last_index": 4}, [3, 4]),
        ({"first_index": 9}, [9, 10]),
        ({"since": START + 1}, list(range(6, 11))),
        ({"until": START + 1}, list(range(1, 6))),
    ],
)
async def test_a_hold_covers_what_it_says(kept: Kept, conditions: dict[str, object], left: list[int]) -> None:
    await kept.grow(5)
    kept.store.clock.now += 10
    await kept.grow(5)
    kept.pass_days(400)
    await kept.hold(**conditions)
    await kept.keep("invoke", 200)
    await kept.prune_all()
    assert [at for at in await kept.bodies() if 0 < at < 11] == left


@pytest.mark.parametrize("tamper", ["DELETE FROM legal_hold", "UPDATE legal_hold SET released = 1"])
async def test_a_hold_ended_in_sql_still_holds(kept: Kept, tamper: str) -> None:
    await kept.grow(5)
    kept.pass_days(400)
    await kept.hold(first_index=2, last_index=3)
    await kept.keep("invoke", 200)
    async with kept.store.main.write() as session:
        await session.exec(sa.text(tamper))  # type: ignore[call-overload]
    await kept.prune_all()
    assert [at for at in await kept.bodies() if 0 < at < 6] == [2, 3]


async def test_other_classes_stay(kept: Kept) -> None:
    await kept.grow(2)
    other = Event(action=Action.GRANT_CREATE, actor=None)
    await kept.append([seal(other, time=START, keys=MemoryKeyRing())])
    await kept.append([seal(replace(other, id=uuid7()), time=START, keys=MemoryKeyRing())])
    await kept.grow(2)
    kept.pass_days(400)
    await kept.keep("invoke", 200)
    await kept.prune_all()
    assert [at for at in await kept.bodies() if at < 7] == [0, 3, 4]


async def test_small_steps_come_to_the_same(kept: Kept) -> None:
    await kept.grow(11)
    kept.pass_days(400)
    await kept.keep("invoke", 200)
    assert [step.removed for step in await kept.prune_all(at_once=4)] == [4, 4, 3]
    assert [head["flags"][1] for head in await tombstones(kept)] == [  # type: ignore[index]
        "range:1-4", "range:5-8", "range:9-11"
    ]  # fmt: skip


async def test_a_clock_that_runs_behind_removes_nothing_early(kept: Kept) -> None:
    old = kept.store.clock.now - 4_000 * MICROSECONDS_A_DAY
    await kept.log.append([Pending(a_record(time=old), "gateway")])
    await kept.sequencer.sign()
    await kept.keep("invoke", 200)
    assert await kept.prune_all() == []
    kept.pass_days(201)
    assert [step.removed for step in await kept.prune_all()] == [1]


async def test_a_worker_that_lost_the_lease_removes_nothing(kept: Kept) -> None:
    await kept.grow(5)
    kept.pass_days(400)
    await kept.keep("invoke", 200)
    pruner = kept.pruner()
    ((permit,), _) = await pruner.permits()
    await kept.store.log().take_epoch()
    with pytest.raises(StaleEpochError):
        await pruner.step(permit)
    assert len(await kept.bodies()) == await kept.reader.size()


async def _receipt(kept: Kept, index: int, size: int) -> bytes:
    signed = await kept.reader.latest_checkpoint()
    assert signed is not None
    (entry,) = await kept.reader.entries(range(index, index + 1))
    hashes = await kept.reader.inclusion(index, size)
    return format_proof(Proof(index, tuple(hashes), signed.note.encode(), extra=entry.head))


async def test_a_body_removed_by_hand_under_a_true_tombstone_is_found(kept: Kept) -> None:
    held = uuid7()
    await kept.grow(4)
    await kept.grow(1, actor=held)
    kept.pass_days(400)
    await kept.hold(actor=held)
    await kept.keep("invoke", 200)
    await kept.prune_all()
    check = SelfCheck(kept.store.engine, partial(verify_checkpoint, vkey=kept.store.signer.vkey))
    assert await check.check_chunk(0) is None
    (told,) = [at for at, head in enumerate(await kept.heads()) if head["action"] == "log.prune"]
    forged = {"entry": told, "first_index": 5, "last_index": 5, "retention": "invoke", "time": START}
    async with kept.store.engine.begin() as connection:
        await connection.execute(body.delete().where(body.c.index == 5))
        await connection.execute(pruned.insert().values(**forged))
    fault = await check.check_chunk(0)
    assert fault is not None
    assert fault.code == "body_missing"
