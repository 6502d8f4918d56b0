"""The worker is killed with SIGKILL while it works; its successor leaves nothing out and nothing twice."""

import subprocess
import sys

import pytest

from audit import canonical, outbox
from audit.checkpoints.checkpoint import FileSigner, verify_checkpoint
from audit.reader import LogReader
from audit.spool.writer import SpoolWriter
from audit.tree import merkle
from tests.audit.log_store import ORIGIN, Store, a_record, id_of

WORKER = """
import asyncio, sys
from pathlib import Path
from audit.checkpoints.checkpoint import FileSigner
from audit.sequencer import hold_log
from audit.lease import FileLease
from tests.audit.log_store import ORIGIN, Store

async def main():
    folder = Path(sys.argv[1])
    store = await Store.open(folder)
    store.signer = FileSigner.load_or_create(folder / "log.key", ORIGIN)
    log = store.log()
    checkpointer = store.checkpointer(log, remembers=True)
    async with hold_log(FileLease(folder / "log.lease"), log):
        sequencer = store.sequencer(log, checkpointer)
        sequencer._take_outbox = told("taken", sequencer._take_outbox)
        log.append = told("appended", log.append)
        sequencer._clear_outbox = told("cleared", sequencer._clear_outbox)
        checkpointer.sign = told("signed", checkpointer.sign)
        while await sequencer.run_once():
            pass
    await store.close()

def told(word, act):
    async def tell(*args, **named):
        found = await act(*args, **named)
        print(word, flush=True)
        return found
    return tell

asyncio.run(main())
"""
ACTS = 1_100  # more than one batch
CALLS = 60


@pytest.mark.slow
@pytest.mark.parametrize("moment", range(1, 11))
async def test_a_killed_worker_loses_and_repeats_nothing(store: Store, moment: int) -> None:
    store.signer = FileSigner.load_or_create(store.folder / "log.key", ORIGIN)
    await store.begin()
    expected = await _fill(store)
    _run_worker(store, kill_after=moment)
    _run_worker(store)
    reader = LogReader(store.engine)
    entries = await reader.entries(range(100_000))
    assert [one.index for one in entries] == list(range(len(entries)))
    heads = [canonical.decode_map(one.head) for one in entries]
    logged = [head["id"] for head in heads if head["action"] == "model.invoke"]
    assert len(logged) == len(set(logged))
    assert set(logged) == expected
    signed = await reader.latest_checkpoint()
    assert signed is not None
    checkpoint = verify_checkpoint(signed.note.encode(), store.signer.vkey)
    assert checkpoint.size == len(entries)
    assert checkpoint.root == merkle.root(one.leaf for one in entries)


async def _fill(store: Store) -> set[str]:
    template = a_record()
    expected = set()
    async with store.main.write() as session:
        for _ in range(ACTS):
            act = type(template)({**template.head_fields, "id": str(id_of(a_record()))}, template.parts)
            expected.add(str(await outbox.append(session, act)))
    writer = SpoolWriter.open(store.spools, "gateway", rotate_bytes=100_000)
    for _ in range(CALLS):
        call = a_record()
        await writer.append_durable(call.to_bytes())
        expected.add(str(id_of(call)))
    await writer.close()
    return expected


def _run_worker(store: Store, kill_after: int | None = None) -> None:
    words = [sys.executable, "-c", WORKER, str(store.folder)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        for _ in range(kill_after or 0):
            child.stdout.readline()
        if kill_after is not None:
            child.kill()
        child.stdout.read()
    assert kill_after is not None or child.returncode == 0
