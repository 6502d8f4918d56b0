"""Folding a chunk elsewhere gives what folding it here gives, and nothing depends on who does it."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest

from audit import models
from audit.event import Outcome
from audit.fold import CallOutcome
from audit.spool import fold_process
from audit.spool.files import spool_path
from audit.spool.fold_memory import SharedTexts, create_memory, put_texts
from audit.spool.fold_process import FoldingProcess
from audit.spool.fold_wire import _pack, pack_folded
from audit.spool.fold_worker import Request, answer, look_ahead, serve
from audit.spool.folding import Folded, fold_chunk
from audit.spool.frame import FrameKind, SpoolCorruptError
from audit.spool.reader import Position, next_size
from audit.spool.writer import SpoolWriter
from tests.audit.log_store import ROOT, START, Store, a_record
from tests.ended import has_ended
from tests.patience import eventually

pytestmark = pytest.mark.slow

DONE = CallOutcome(outcome=Outcome.SUCCESS, ended=START + 1).to_bytes()


@pytest.fixture
def folding(monkeypatch: pytest.MonkeyPatch) -> Iterator[FoldingProcess]:
    """A process that folds whatever there is, however little."""
    monkeypatch.setattr(fold_process, "WORTH_BYTES", 0)
    process = FoldingProcess()
    process.start()
    yield process
    process.close()


async def a_mixed_spool(folder: Path) -> str:
    """Whole calls, one still open, an outcome of nothing, an entry, and bytes that are no record."""
    writer = SpoolWriter.open(folder, "gateway")
    for _ in range(3):
        writer.append_outcome(await writer.append_durable(a_record().to_bytes()), DONE)
    await writer.append_durable(a_record().to_bytes())
    writer.append_outcome(999, DONE)
    await writer.append_durable(a_record().to_bytes(), kind="entry")
    writer.append_outcome(await writer.append_durable(b"no record"), b"no outcome")
    await writer.close()
    return writer.producer


def is_running(folding: FoldingProcess) -> bool:
    return folding.pid is not None


async def test_whole_calls_are_folded_and_the_rest_is_left_in_order(tmp_path: Path) -> None:
    producer = await a_mixed_spool(tmp_path)
    folded = fold_chunk(tmp_path, producer, Position())
    assert folded.placed.size == 4
    assert (folded.frames, folded.at.next_number, folded.said) == (11, 11, START)
    assert [(frame.kind, frame.ordinal) for frame in folded.rest] == [
        (FrameKind.OUTCOME, 999),
        (FrameKind.INTENT, 5),
        (FrameKind.OUTCOME, 9),
        (FrameKind.INTENT, 3),
    ]


async def test_another_process_folds_the_same(tmp_path: Path, folding: FoldingProcess) -> None:
    producer = await a_mixed_spool(tmp_path)
    here = fold_chunk(tmp_path, producer, Position())
    pid = folding.pid
    assert folding.fold(tmp_path, producer, Position()) == here
    assert folding.fold(tmp_path, producer, here.at) == fold_chunk(tmp_path, producer, here.at)
    assert folding.pid == pid is not None


async def test_damage_is_told_by_the_other_process_as_it_is_here(
    tmp_path: Path, folding: FoldingProcess
) -> None:
    producer = await a_mixed_spool(tmp_path)
    path = spool_path(tmp_path, producer, 0)
    data = bytearray(path.read_bytes())
    data[40] ^= 1
    path.write_bytes(data)
    with pytest.raises(SpoolCorruptError) as here:
        fold_chunk(tmp_path, producer, Position())
    pid = folding.pid
    with pytest.raises(SpoolCorruptError) as there:
        folding.fold(tmp_path, producer, Position())
    assert (there.value.offset, str(there.value)) == (here.value.offset, str(here.value))
    assert folding.pid == pid, "it answered"


async def test_it_folds_ahead_what_stays_as_it_is_and_nothing_else(tmp_path: Path) -> None:
    producer = await a_mixed_spool(tmp_path)
    size = spool_path(tmp_path, producer, 0).stat().st_size
    whole: Request = (str(tmp_path), producer, (0, 0, 0), size)
    found = answer(whole)
    assert found.following == (str(tmp_path), producer, (0, size, 11), next_size(size))
    assert look_ahead(whole) == {whole: found}
    assert look_ahead(found.following) == {}, "whether more comes is asked when it is time"
    assert answer((*whole[:3], 10 * size)).following is None, "nothing waits"
    path = spool_path(tmp_path, producer, 0)
    path.write_bytes(path.read_bytes() + bytes([9]) * 80)
    assert look_ahead(found.following) == {}, "damage is told when it is met"


async def test_what_was_folded_ahead_is_what_is_answered(tmp_path: Path) -> None:
    producer = await a_mixed_spool(tmp_path)
    first: Request = (str(tmp_path), producer, (0, 0, 0), 1_100)
    following = answer(first).following
    assert following is not None
    requests, answers, memory = BytesIO(_pack(first) + _pack(following)), BytesIO(), create_memory()
    serve(requests, answers, memory)
    said = [answer(one).folded for one in (first, following)]
    assert all(isinstance(one, Folded) and one.frames for one in said)
    assert answers.getvalue() == b"".join(pack_folded(one, memory) for one in said)  # type: ignore[arg-type]
    os.close(memory)


async def test_a_process_that_died_costs_nothing_but_its_help(
    tmp_path: Path, folding: FoldingProcess
) -> None:
    producer = await a_mixed_spool(tmp_path)
    here = fold_chunk(tmp_path, producer, Position())
    died = folding.pid
    assert died is not None
    os.kill(died, signal.SIGKILL)
    assert folding.fold(tmp_path, producer, Position()) == here
    assert not is_running(folding)
    folding.start()
    assert is_running(folding)
    assert folding.pid != died
    assert folding.fold(tmp_path, producer, Position()) == here


async def test_a_process_that_does_not_answer_is_given_up(
    tmp_path: Path, folding: FoldingProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    producer = await a_mixed_spool(tmp_path)
    monkeypatch.setattr(fold_process, "ANSWER_SECONDS", 0.05)
    assert folding.pid is not None
    os.kill(folding.pid, signal.SIGSTOP)
    assert folding.fold(tmp_path, producer, Position()) == fold_chunk(tmp_path, producer, Position())
    assert not is_running(folding)


async def test_it_ends_when_nobody_holds_it(folding: FoldingProcess) -> None:
    pid = folding.pid
    assert pid is not None
    folding.close()
    folding.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


STARTS_ONE = """
import time
from audit.spool.fold_process import FoldingProcess
process = FoldingProcess()
process.start()
print(process.pid, flush=True)
time.sleep(60)
"""


def test_it_does_not_outlive_the_worker_that_started_it() -> None:
    with subprocess.Popen([sys.executable, "-c", STARTS_ONE], stdout=subprocess.PIPE, cwd=ROOT) as worker:
        assert worker.stdout is not None
        pid = int(worker.stdout.readline())
        os.kill(pid, 0)
        worker.kill()
    assert eventually(lambda: has_ended(pid))


async def test_few_records_are_folded_without_a_way_to_another_process(tmp_path: Path) -> None:
    producer = await a_mixed_spool(tmp_path)
    folding = FoldingProcess()
    folding.start()
    assert folding.pid is not None
    os.kill(folding.pid, signal.SIGSTOP)
    assert folding.fold(tmp_path, producer, Position()).frames == 11
    folding.close()


async def test_a_worker_that_is_behind_starts_it_and_logs_everything_once_though_it_is_killed(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fold_process, "WORTH_BYTES", 0)
    sequencer = store.sequencer(await store.begin())
    writer = SpoolWriter.open(store.spools, "gateway")
    big = b'{"head":' + b" " * (1 << 19)
    for _ in range(80):
        writer.append(big, "entry")
        writer.append_outcome(writer.append(a_record().to_bytes(), "intent"), DONE)
    await writer.wait_until_durable()
    seen = set[int]()
    while await sequencer.run_once():
        if (folds_in := sequencer.folds_in) is not None:
            seen.add(folds_in)
            os.kill(folds_in, signal.SIGKILL)
    assert len(seen) > 1
    assert await store.count(models.entry) == 1 + 160
    await writer.close()
    sequencer.close()


def test_long_texts_are_read_as_they_were_written_and_not_beyond() -> None:
    memory = SharedTexts(descriptor := create_memory())
    for texts in ([], [b"one", b"", b"three"], [b"x"], [b"y" * 100_000, b"z"]):
        assert memory.take(put_texts(descriptor, texts)) == texts
    with pytest.raises(OSError, match="less than it said"):
        memory.take([1_000_000])
    memory.close()
