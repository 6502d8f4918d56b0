import asyncio
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from audit.spool.files import list_producers, lock_path, producer_is_gone, spool_path
from audit.spool.frame import Frame, FrameKind
from audit.spool.reader import Position, read_frames
from audit.spool.writer import SpoolUnavailableError, SpoolWriter
from tests.audit.spool.slow_disk import SlowDisk
from tests.patience import PATIENCE

CHILD = """
import asyncio, sys
from pathlib import Path
from audit.spool.writer import SpoolWriter

async def call(writer, name):
    for turn in range(10_000):
        text = f"{name}-{turn}".encode()
        number = await writer.append_durable(text * 20)
        print("intent", number, text.decode(), flush=True)
        outcome = writer.append_outcome(number, b"done")
        print("outcome", outcome, number, flush=True)

async def main():
    writer = SpoolWriter.open(Path(sys.argv[1]), "gateway", rotate_bytes=40_000)
    await asyncio.gather(*(call(writer, name) for name in range(8)))

asyncio.run(main())
"""


def read_all(directory: Path, producer: str) -> list[Frame]:
    found, at = list[Frame](), Position()
    while (step := read_frames(directory, producer, at))[0]:
        found += step[0]
        at = step[1]
    return found


async def test_numbers_are_dense_and_ordinals_count_what_begins_an_entry(tmp_path: Path) -> None:
    writer = SpoolWriter.open(tmp_path, "gateway")
    assert await writer.append_durable(b"call") == 0
    assert await writer.append_durable(b"refusal", kind="entry") == 1
    assert writer.append_outcome(0, b"done") == 2
    assert await writer.append_durable(b"call") == 3
    assert await writer.append_outcome_durable(3, b"done") == 4
    await writer.close()
    assert read_all(tmp_path, writer.producer) == [
        Frame(FrameKind.INTENT, 0, 0, b"call"),
        Frame(FrameKind.ENTRY, 1, 1, b"refusal"),
        Frame(FrameKind.OUTCOME, 2, 0, b"done"),
        Frame(FrameKind.INTENT, 3, 2, b"call"),
        Frame(FrameKind.OUTCOME, 4, 3, b"done"),
    ]


async def test_many_callers_share_synchronisations(tmp_path: Path) -> None:
    writer = SpoolWriter.open(tmp_path, "gateway")
    numbers = await asyncio.gather(*(writer.append_durable(b"x" * 900) for _ in range(200)))
    await writer.close()
    assert sorted(numbers) == list(range(200))
    assert len(read_all(tmp_path, writer.producer)) == 200


async def test_a_producer_is_gone_once_closed_and_not_before(tmp_path: Path) -> None:
    writer = SpoolWriter.open(tmp_path, "gateway")
    (producer,) = list_producers(tmp_path)
    assert producer == writer.producer
    assert not producer_is_gone(lock_path(tmp_path, producer))
    await writer.close()
    await writer.close()
    assert producer_is_gone(lock_path(tmp_path, producer))
    with pytest.raises(SpoolUnavailableError, match="closed"):
        writer.append_outcome(0, b"late")


async def test_two_lives_of_one_gateway_are_two_producers(tmp_path: Path) -> None:
    writers = [SpoolWriter.open(tmp_path, "gateway") for _ in range(2)]
    assert len(set(list_producers(tmp_path))) == 2
    for writer in writers:
        await writer.close()


async def test_large_spools_go_on_in_the_next_file(tmp_path: Path) -> None:
    writer = SpoolWriter.open(tmp_path, "gateway", rotate_bytes=1_000)
    await asyncio.gather(*(writer.append_durable(b"x" * 300) for _ in range(20)))
    await writer.close()
    assert spool_path(tmp_path, writer.producer, 4).exists()
    assert [frame.number for frame in read_all(tmp_path, writer.producer)] == list(range(20))


async def test_a_full_disk_is_told_to_the_caller_and_leaves_no_torn_frame(tmp_path: Path) -> None:
    writer = SpoolWriter.open(tmp_path, "gateway")
    await writer.append_durable(b"first")
    with largest_file(300), pytest.raises(SpoolUnavailableError, match="cannot be written"):
        await writer.append_durable(b"x" * 900)
    assert writer.broken is None
    assert await writer.append_durable(b"second") == 1
    await writer.close()
    assert [frame.record for frame in read_all(tmp_path, writer.producer)] == [b"first", b"second"]


async def test_a_failed_synchronisation_reaches_every_waiter_and_ends_the_writer(tmp_path: Path) -> None:
    writer = SpoolWriter.open(tmp_path, "gateway")
    reading, writing = os.pipe()  # a pipe takes writes and refuses fdatasync
    os.dup2(writing, writer._descriptor)
    results = await asyncio.gather(*(writer.append_durable(b"x") for _ in range(3)), return_exceptions=True)
    assert [type(result) for result in results] == [SpoolUnavailableError] * 3
    assert writer.broken is not None
    with pytest.raises(SpoolUnavailableError):
        await writer.append_durable(b"never")
    await writer.close()
    os.close(reading)
    os.close(writing)


async def test_a_disk_that_hangs_is_told_to_each_caller_by_its_own_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = SlowDisk(monkeypatch)
    monkeypatch.setattr("audit.spool.writer.SYNC_TIMEOUT_SECONDS", 0.05)
    writer = SpoolWriter.open(tmp_path, "gateway")
    first = asyncio.create_task(writer.append_durable(b"first"))
    await asyncio.to_thread(disk.reached.wait)  # the second one's synchronisation cannot begin any more
    results = await asyncio.gather(first, writer.append_durable(b"second"), return_exceptions=True)
    assert [(type(result), getattr(result, "number", None)) for result in results] == [
        (SpoolUnavailableError, 0),
        (SpoolUnavailableError, 1),
    ]
    disk.go_on.set()
    monkeypatch.setattr("audit.spool.writer.SYNC_TIMEOUT_SECONDS", PATIENCE)
    assert await writer.append_durable(b"third") == 2
    await writer.close()
    assert [frame.record for frame in read_all(tmp_path, writer.producer)] == [b"first", b"second", b"third"]


async def test_a_process_that_stood_still_hears_the_disk_before_it_refuses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = SlowDisk(monkeypatch)
    disk.go_on.set()
    monkeypatch.setattr("audit.spool.writer.SYNC_TIMEOUT_SECONDS", 0.3)
    writer = SpoolWriter.open(tmp_path, "gateway")
    writing = asyncio.create_task(writer.append_durable(b"call"))
    await asyncio.to_thread(disk.reached.wait)
    time.sleep(1)  # noqa: ASYNC251 -- the loop is to stand still, long past the time
    assert await writing == 0
    await writer.close()


async def test_a_place_that_cannot_be_written_is_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no directory")
    with pytest.raises(SpoolUnavailableError):
        SpoolWriter.open(tmp_path / "file" / "spool", "gateway")


@pytest.mark.parametrize("moment", [1, 2, 3, 7, 20, 55, 148, 403, 700, 1_100])
def test_everything_acknowledged_survives_kill_9(tmp_path: Path, moment: int) -> None:
    child = subprocess.Popen([sys.executable, "-c", CHILD, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    told = [child.stdout.readline() for _ in range(moment)]
    child.send_signal(signal.SIGKILL)
    told += child.stdout.read().splitlines(keepends=True)
    child.wait()
    child.stdout.close()
    (producer,) = list_producers(tmp_path)
    assert producer_is_gone(lock_path(tmp_path, producer))
    frames = {frame.number: frame for frame in read_all(tmp_path, producer)}
    for line in told:
        if not line.endswith("\n"):
            continue
        kind, number, rest = line.split()
        if kind == "intent":
            assert frames[int(number)].record == rest.encode() * 20
        else:
            assert frames[int(number)].ordinal == int(rest)
    assert sorted(frames) == list(range(len(frames)))


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    """Let this process write no file beyond ``size`` bytes: writes then fail as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)
