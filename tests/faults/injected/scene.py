"""A log with work that waits for it, made once and copied for every fault; and what must hold afterwards."""

import asyncio
import base64
import shutil
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from audit import canonical, outbox
from audit.checkpoints.checkpoint import FileSigner, verify_checkpoint
from audit.event import Outcome
from audit.fold import CallOutcome
from audit.lease import FileLease
from audit.reader import LogReader
from audit.sequencer import hold_log
from audit.spool.writer import SpoolWriter
from audit.tree import merkle
from audit.verify import verify
from tests.audit.exports import export, records
from tests.audit.log_store import ORIGIN, START, Store, id_of
from tests.faults.injected.told import Told

ACTS = 40
CALLS = 24
OUTCOME = CallOutcome(outcome=Outcome.SUCCESS, ended=START + 1).to_bytes()


@dataclass(frozen=True)
class Found:
    """What recovery found wrong; all zero when the promise holds."""

    lost: int
    duplicates: int
    forks: int
    complaint: str | None

    @property
    def clean(self) -> bool:
        return (self.lost, self.duplicates, self.forks, self.complaint) == (0, 0, 0, None)


def open_store(folder: Path) -> Store:
    """Open a folder that was migrated before, with its own key."""
    store = Store.at(folder)
    store.signer = FileSigner.load_or_create(folder / "log.key", ORIGIN)
    return store


def prepare(folder: Path) -> None:
    """Migrate, begin the log, and lay out calls to be made, acts in the outbox and calls in a spool."""

    async def fill() -> None:
        store = await Store.open(folder)
        store.signer = FileSigner.load_or_create(folder / "log.key", ORIGIN)
        await store.begin()
        await store.close()

    folder.mkdir(parents=True)
    asyncio.run(fill())
    calls = [record.to_bytes() for record in records(CALLS)]
    (folder / "calls").write_bytes(b"\n".join(calls))
    (folder / "outcome").write_bytes(OUTCOME)
    Told.open(folder / "told")


def fill_for_worker(folder: Path) -> None:
    """Let acts wait in the outbox and calls in a spool of several files, some of them without an end."""

    async def fill() -> None:
        store, told = open_store(folder), Told.open(folder / "told")
        async with store.main.write() as session:
            for act in records(ACTS):
                await outbox.append(session, act)
                told.tell(f"intended {id_of(act)}")
        writer = SpoolWriter.open(store.spools, "gateway", rotate_bytes=6_000)
        for place, call in enumerate(records(CALLS)):
            number = await writer.append_durable(call.to_bytes())
            told.tell(f"intended {id_of(call)}")
            if place % 3:
                writer.append_outcome(number, OUTCOME)
                told.tell(f"ended {id_of(call)}")
        await writer.close()
        await store.close()

    asyncio.run(fill())


def recover(folder: Path) -> Found:
    """Let a new worker take over, then look at what the log holds against what was told."""

    async def work() -> Found:
        store = open_store(folder)
        log = store.log()
        try:
            async with hold_log(FileLease(folder / "log.lease"), log):
                sequencer = store.sequencer(log, store.checkpointer(log, remembers=True))
                while await sequencer.run_once():
                    pass
            return await compare(store, Told.open(folder / "told"))
        finally:
            await store.close()

    return asyncio.run(work())


async def compare(store: Store, told: Told) -> Found:
    """Compare the log with what was told while it was written, and verify its export offline."""
    reader = LogReader(store.engine)
    entries = await reader.entries(range(1_000_000))
    heads = [canonical.decode_map(one.head) for one in entries]
    outcomes = {str(head["id"]): head["outcome"] for head in heads}
    lost = [name for name in told.lines("intended") if name not in outcomes]
    lost += [name for name in told.lines("ended") if outcomes.get(name) != "success"]
    repeated = Counter(str(head["id"]) for head in heads).total() - len(outcomes)
    repeated += sum(_says_duplicate(head) for head in heads)
    dense = [one.index for one in entries] == list(range(len(entries)))
    complaint = None if dense else "The indexes have a gap."
    return Found(len(lost), repeated, await count_forks(store, told), complaint or await _verify(store))


async def count_forks(store: Store, told: Told) -> int:
    """Count the published checkpoints that the log as it is now does not extend."""
    reader = LogReader(store.engine)
    leaves = [one.leaf for one in await reader.entries(range(1_000_000))]
    published = {(int(size), root) for size, root in map(str.split, told.lines("signed"))}
    async with store.engine.connect() as connection:
        for (note,) in await connection.exec_driver_sql("SELECT note FROM checkpoint"):
            verify_checkpoint(note.encode(), store.signer.vkey)
            published.add((int(note.split("\n")[1]), note.split("\n")[2]))
    roots = {size: merkle.root(leaves[:size]) for size, _ in published}
    return sum(base64.b64encode(roots[size]).decode() != root for size, root in published)


async def _verify(store: Store) -> str | None:
    folder = store.folder / "export"
    shutil.rmtree(folder, ignore_errors=True)
    verdict = verify(await export(store, folder), store.signer.vkey)
    signed = await LogReader(store.engine).latest_checkpoint()
    size = await LogReader(store.engine).size()
    if signed is None or signed.size != size:
        return f"Of {size} entries {signed and signed.size} are signed."
    return None if verdict.ok else verdict.sentence


def _says_duplicate(head: dict[str, object]) -> bool:
    flags = head.get("flags")
    return isinstance(flags, list) and any(str(flag).startswith("duplicate_id:") for flag in flags)
