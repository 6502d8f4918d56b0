"""The worker is killed with SIGKILL while it works; its successor leaves nothing out and nothing twice."""

import contextlib
from multiprocessing import Pipe

import pytest

from audit import canonical, outbox
from audit.checkpoints.checkpoint import FileSigner, verify_checkpoint
from audit.reader import LogReader
from audit.spool.writer import SpoolWriter
from audit.tree import merkle
from tests.audit.crash_worker import work
from tests.audit.log_store import ORIGIN, Store, a_record, id_of
from tests.forked import forks
from tests.patience import PATIENCE

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
    heard, told = Pipe(duplex=False)
    child = forks().Process(target=work, args=(store.folder, told))
    child.start()
    told.close()
    with heard, contextlib.suppress(EOFError):  # it may have ended before that many steps
        for _ in range(kill_after or 0):
            heard.recv()
        if kill_after is not None:
            child.kill()
        child.join(PATIENCE)
    child.join(PATIENCE)
    assert kill_after is not None or child.exitcode == 0
    child.close()
