"""The log's side: witnesses are asked beside the signing, k of n have to cosign, refusals become entries."""

import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from audit import models
from audit.checkpoints.last_signed import ForkRefusedError
from audit.checkpoints.note import parse_any_vkey
from audit.checkpoints.signing import Checkpointer
from audit.checkpoints.trust import Group, Trust
from audit.event import Event
from audit.events import Action
from audit.heads.port import KeeperError
from audit.heads.remembered import RememberedHeads
from audit.heads.state import KeeperState, read_states
from audit.log import Log
from audit.reader import LogReader
from audit.witness.client import Cosigned, Refused, Witness
from audit.witness.rounds import ALARM_AFTER, QUORUM, Rounds
from tests.audit.log_store import ORIGIN, START, Store, pending
from tests.audit.trust.witnessing import RunningWitness, run_witness
from tests.patience import PATIENCE

pytestmark = pytest.mark.slow

MINUTE = 60_000_000


class Recorded:
    """What was put on its way to the log."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    async def __call__(self, event: Event) -> None:
        self.events.append(event)

    @property
    def reasons(self) -> list[tuple[str, ...]]:
        assert {event.action for event in self.events} <= {Action.WITNESS_REFUSE}
        return [event.reasons for event in self.events]


def rounds(store: Store, record: Recorded, *witnesses: Witness, quorum: int = 1) -> Rounds:
    return Rounds(witnesses, quorum, store.engine, record, store.clock, every=0.01, patience=PATIENCE)


async def states(store: Store) -> dict[str, KeeperState]:
    return {state.name: state for state in await read_states(store.engine)}


@pytest.fixture
async def three(store: Store, tmp_path: Path) -> AsyncIterator[list[RunningWitness]]:
    trusted = {ORIGIN: Trust.of_keys([store.signer.vkey])}
    async with contextlib.AsyncExitStack() as stack:
        yield [
            await stack.enter_async_context(run_witness(tmp_path, number, trusted, now=START // 1_000_000))
            for number in (1, 2, 3)
        ]


async def sign(store: Store, log: Log) -> None:
    await Checkpointer(store.engine, log, store.signer).sign(store.clock())


async def test_the_newest_checkpoint_gets_the_line_of_every_witness(
    store: Store, three: list[RunningWitness]
) -> None:
    log, record = await store.begin(), Recorded()
    clients = [one.client(ORIGIN, store.signer.vkey) for one in three]
    round_ = rounds(store, record, *clients, quorum=2)
    assert await round_.run_once() == 0  # nothing is signed yet
    for _ in range(2):
        await log.append(pending(300))
        await sign(store, log)
        assert await round_.run_once() == 3
        assert await round_.run_once() == 0
    reader = LogReader(store.engine)
    newest = await reader.latest_checkpoint()
    assert newest is not None
    trust = Trust(
        Trust.of_keys([store.signer.vkey]).logs,
        {f"w{place}": parse_any_vkey(one.key.vkey) for place, one in enumerate(three)},
        {"all": Group(3, ("w0", "w1", "w2"))},
        "all",
    )
    assert trust.check(newest.note.encode(), now=START // 1_000_000).size == 601
    receipt = await reader.receipt_checkpoint(5, quorum=3)
    assert receipt is not None
    assert trust.check(receipt.note.encode(), now=START // 1_000_000, whole=False).size == 301
    assert {state.trouble for state in (await states(store)).values()} == {None}
    assert record.events == []
    for client in clients:
        await client.close()


async def test_an_idle_log_is_cosigned_again_each_minute(store: Store, three: list[RunningWitness]) -> None:
    log = await store.begin()
    client = three[0].client(ORIGIN, store.signer.vkey)
    round_ = rounds(store, Recorded(), client)
    await sign(store, log)
    done = []
    for _ in range(4):
        done.append(await round_.run_once())
        store.clock.pass_seconds(30)
    assert done == [1, 0, 1, 0]
    assert await store.count(models.cosignature) == 1
    await client.close()


async def test_a_log_that_was_set_back_is_told_and_recorded_once(
    store: Store, three: list[RunningWitness], tmp_path: Path
) -> None:
    log = await store.begin()
    client = three[0].client(ORIGIN, store.signer.vkey)
    await log.append(pending(4))
    await sign(store, log)
    assert await rounds(store, Recorded(), client).run_once() == 1
    restored, log = await restore(store)
    await sign(restored, log)  # without a keeper nothing here knows better
    record = Recorded()
    round_ = rounds(restored, record, client)
    for _ in range(3):
        assert await round_.run_once() == 0
        restored.clock.pass_seconds(60)
    assert record.reasons == [("log_rolled_back",)]
    assert record.events[0].flags == (f"witness:{client.name}", "size:1", "witness_size:5")
    trouble = (await states(restored))[client.name].trouble
    assert trouble == f"The witness {client.name} has seen a longer log than this one: this log was set back."
    heads = RememberedHeads([client], restored.engine, restored.clock)
    await heads.run_once()
    with pytest.raises(ForkRefusedError, match="1 entries, but 5 were signed"):
        await Checkpointer(restored.engine, log, store.signer, heads=heads).sign(START)
    await client.close()
    await restored.close()


async def test_a_history_rewritten_with_the_stolen_key_is_told_and_recorded(
    store: Store, three: list[RunningWitness]
) -> None:
    log = await store.begin()
    client = three[0].client(ORIGIN, store.signer.vkey)
    await log.append(pending(4))
    await sign(store, log)
    assert await rounds(store, Recorded(), client).run_once() == 1
    forged, log = await restore(store)
    await log.append(pending(9))
    await sign(forged, log)
    record = Recorded()
    assert await rounds(forged, record, client).run_once() == 0
    assert record.reasons == [("history_rewritten",)]
    await client.close()
    await forged.close()


async def test_a_wrong_key_is_told_and_recorded(store: Store, three: list[RunningWitness]) -> None:
    log, record = await store.begin(), Recorded()
    stranger, other = await restore(store, another_key=True)
    await sign(stranger, other)
    client = three[0].client(ORIGIN, stranger.signer.vkey)
    assert await rounds(stranger, record, client).run_once() == 0
    assert record.reasons == [("key_refused",)]
    await client.close()
    await stranger.close()
    assert await log.exists()


class Scripted:
    """A witness that answers as told."""

    def __init__(self, name: str, answer: Cosigned | Refused | KeeperError) -> None:
        self.name = name
        self.answer = answer
        self.asked = 0

    async def add_checkpoint(self, old: int, proof: Sequence[bytes], note: str) -> Cosigned | Refused:
        assert note.startswith(ORIGIN)
        assert old >= 0
        assert proof is not None
        self.asked += 1
        if isinstance(self.answer, KeeperError):
            raise self.answer
        return self.answer

    async def read(self) -> str | None:
        return None


async def test_k_of_n_that_is_not_met_alarms_after_five_minutes(store: Store) -> None:
    log = await store.begin()
    await sign(store, log)
    line = Cosigned("\u2014 w1 AAAAAAA=\n", 1)
    good, away = Scripted("w1", line), Scripted("w2", KeeperError("The witness w2: nobody is there."))
    round_ = rounds(store, Recorded(), good, away, quorum=2)
    await round_.run_once()
    found = await states(store)
    assert found["w2"].trouble == "The witness w2: nobody is there."
    assert QUORUM not in found  # they have five minutes
    store.clock.now += ALARM_AFTER
    await round_.run_once()
    assert (await states(store))[QUORUM].trouble == (
        "1 of 2 witnesses cosigned in the last five minutes, 2 have to."
    )
    away.answer = line
    store.clock.now += MINUTE
    await round_.run_once()
    assert (await states(store))[QUORUM].trouble is None
    good.answer = away.answer = KeeperError("Away.")
    store.clock.now += ALARM_AFTER
    await round_.run_once()
    trouble = (await states(store))[QUORUM].trouble
    assert trouble == "0 of 2 witnesses cosigned in the last five minutes, 2 have to."


async def test_a_witness_in_trouble_is_not_asked_without_pause(store: Store) -> None:
    await sign(store, await store.begin())
    away = Scripted("w1", Refused(500))
    round_ = rounds(store, Recorded(), away)
    for _ in range(5):
        await round_.run_once()
    assert away.asked == 1
    store.clock.pass_seconds(1)
    await round_.run_once()
    assert away.asked == 2
    assert (await states(store))["w1"].trouble == "The witness w1 answered with status 500."


async def restore(store: Store, *, another_key: bool = False) -> tuple[Store, Log]:
    """Another history of the same log, as a backup or a thief would have it."""
    folder = store.folder / "restored"
    folder.mkdir()
    restored = await Store.open(folder)
    if not another_key:
        restored = replace(restored, signer=store.signer)
    return restored, await restored.begin()
