"""Removes nine tenths of a log's details but for those under hold, verifies all, and measures the file."""

import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from uuid_utils.compat import uuid7

from audit.checkpoints.checkpoint import verify_checkpoint
from audit.checks.selfcheck import SelfCheck
from audit.custody.space import give_back
from audit.entry_rows import Pending
from audit.event import Event, Part, Resource
from audit.events import Action
from audit.reader import StoredCheckpoint
from audit.record import Record, seal
from audit.subjects.keyring import MemoryKeyRing, new_key
from audit.tree.merkle import verify_consistency
from console import runtime
from tests.audit.custody.kept import Kept
from tests.audit.log_store import Store
from tests.bench.result import ROOT, Result, Row

ENTRIES: Final = 100_000
AT_ONCE: Final = 1_000
LARGEST_SHARE: Final = 0.75
HELD: Final = UUID("0198c1a2-7c3e-7b11-9d52-4f0a6f1f2e3d")
OTHER: Final = UUID("0198c1a2-7c3e-7b11-9d52-4f0a6f1f2e3e")
KEYS: Final = MemoryKeyRing([new_key(None), new_key(HELD), new_key(OTHER)])
ACTOR: Final = {
    "interface": "gateway",
    "address": "192.0.2.1",
    "user_agent": "python-httpx/1.0",
    "method": "bearer",
    "issuer": "https://id.example/realms/company",
    "acr": None,
    "auth_time": 1_797_000_000,
}
ASKED: Final = {"subject": {"teams": ["retail"]}, "grants": ["x" * 400], "context": {"profile": "y" * 40}}


def measure() -> Result:
    """Return how much smaller the file became, and how fast."""
    folder = ROOT / "var" / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        return runtime.run(prune(Path(scratch), ENTRIES)).result()


@dataclass
class Pruned:
    """What one run did."""

    entries: int
    before: int
    after: int
    removed: int
    held: int
    faults: int
    seconds: float

    def result(self) -> Result:
        """Return it as rows; sizes are those of the log's file with its journal."""
        share, rate = self.after / self.before, self.removed / self.seconds
        return Result(
            "prune-space",
            [
                Row("entries", self.entries, "entries", [self.entries]),
                Row("details removed", self.removed, "bodies", [self.removed], floor=self.entries * 0.85),
                Row("details spared for a hold", self.held, "bodies", [self.held], floor=1),
                Row("file before", self.before / 2**20, "MiB", [self.before / 2**20]),
                Row("file after", self.after / 2**20, "MiB", [self.after / 2**20]),
                Row(
                    "file after / before", share, "ratio", [share], floor=LARGEST_SHARE, lower_is_better=True
                ),
                Row(
                    "faults found afterwards",
                    self.faults,
                    "faults",
                    [self.faults],
                    floor=0,
                    lower_is_better=True,
                ),
                Row("removed", rate, "bodies/s", [rate]),
            ],
        )


async def prune(folder: Path, entries: int) -> Pruned:
    """Write calls, nine of ten of them old; remove those; verify everything afterwards."""
    store = await Store.open(folder)
    try:
        kept = await Kept.begin(store)
        await _grow(kept, entries * 9 // 10)
        kept.pass_days(300)
        await _grow(kept, entries // 10)
        signed = await kept.reader.latest_checkpoint()
        assert signed is not None
        await kept.hold(actor=HELD)
        await kept.keep("invoke", 200)
        before, began = await _size(store), time.perf_counter()
        steps = await kept.prune_all()
        await give_back(store.engine)
        seconds = time.perf_counter() - began
        removed, held = sum(step.removed for step in steps), sum(step.held for step in steps)
        faults = await _verify(kept, signed)
        return Pruned(entries, before, await _size(store), removed, held, faults, seconds)
    finally:
        await store.close()


async def _grow(kept: Kept, count: int) -> None:
    now = kept.store.clock()
    for start in range(0, count, AT_ONCE):
        some = range(start, min(start + AT_ONCE, count))
        await kept.log.append([Pending(_call(now, held=not at % 50), "gateway") for at in some])
    await kept.sequencer.sign()


def _call(now: int, *, held: bool) -> Record:
    """Return a call as the gateway records one: what went out and came back, who asked, what was decided."""
    somebody = HELD if held else OTHER
    call = {"route": "risk.credit-default", "operation": "infer", "bytes": 512, "sha256": "a" * 64}
    answer = {"status": 200, "bytes": 128, "sha256": "b" * 64}
    event = Event(
        action=Action.MODEL_INVOKE,
        actor=somebody,
        resource=Resource(type="route", id=uuid7()),
        parts=(
            Part(name="call", subject=None, content=call),
            Part(name="actor", subject=somebody, content=ACTOR),
            Part(name="decision", subject=somebody, content={"input": ASKED, "result": {}, "engine": "x"}),
            Part(name="answer", subject=None, content=answer),
        ),
    )
    return seal(event, time=now, keys=KEYS)


async def _size(store: Store) -> int:
    """Return the bytes of the log's file, its journal written back into it first."""
    async with store.engine.connect() as connection:
        raw: Any = (await connection.get_raw_connection()).driver_connection
        await raw.execute_fetchall("PRAGMA wal_checkpoint(TRUNCATE)")
    return sum(path.stat().st_size for path in store.folder.glob("log.db*"))


async def _verify(kept: Kept, signed: StoredCheckpoint) -> int:
    """Compare every entry, body and tile with the tree, and the tree with what was signed before."""
    vkey = kept.store.signer.vkey
    check = SelfCheck(kept.store.engine, lambda note: verify_checkpoint(note, vkey))
    chunks = [await check.check_chunk(number) for number in range(await check.count_chunks())]
    latest = await kept.reader.latest_checkpoint()
    assert latest is not None
    old, new = (verify_checkpoint(one.note.encode(), vkey) for one in (signed, latest))
    proof = await kept.reader.consistency(old.size, new.size)
    verify_consistency(old.size, new.size, proof, old.root, new.root)
    return sum(fault is not None for fault in (await check.check_tree(), *chunks))
