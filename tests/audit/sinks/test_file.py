import asyncio
import fcntl
import os
import signal
import subprocess
import sys
from pathlib import Path

import orjson
import pytest

from audit.sinks import Census, Delivery, Health, SinkError
from audit.sinks.file import FileSink
from tests.audit.sinks.entries import ORIGIN, make_entries, make_entry, make_unreadable

WRITER = """
import asyncio, sys
from pathlib import Path
from audit.sinks.file import FileSink
from tests.audit.sinks.entries import ORIGIN, make_entries

async def main():
    sink = FileSink(Path(sys.argv[1]), origin=ORIGIN)
    for first in range(0, 1_000_000, 50):
        await sink.deliver(make_entries(first, first + 50))
        print(first + 50, flush=True)

asyncio.run(main())
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "audit.ndjson"


@pytest.fixture
def sink(path: Path) -> FileSink:
    return FileSink(path, origin=ORIGIN)


def indexes(path: Path) -> list[int]:
    return [orjson.loads(line)["event"]["sequence"] for line in path.read_bytes().splitlines()]


def read(path: Path) -> bytes:
    return path.read_bytes()


def write(path: Path, content: bytes) -> None:
    path.write_bytes(content)


def remove(path: Path) -> None:
    path.unlink()


def mode(path: Path) -> int:
    return path.stat().st_mode


async def test_one_line_per_entry_and_none_twice(sink: FileSink, path: Path) -> None:
    assert await sink.deliver(make_entries(0, 5)) == Delivery(5)
    assert await sink.deliver(make_entries(0, 5)) == Delivery(5)
    assert await sink.deliver(make_entries(3, 8)) == Delivery(5)
    assert indexes(path) == list(range(8))


async def test_only_the_owner_writes_and_strangers_do_not_read(sink: FileSink, path: Path) -> None:
    await sink.deliver([make_entry(0)])
    assert mode(path) & 0o037 == 0


@pytest.mark.parametrize("kept", [1, 100, -1])
async def test_a_torn_last_line_is_cut_off(sink: FileSink, path: Path, kept: int) -> None:
    await sink.deliver(make_entries(0, 3))
    whole = read(path)
    line = whole.splitlines(keepends=True)[-1]
    write(path, whole[: -len(line)] + line[:kept])
    assert await sink.ping() == Health(ok=True, sentence="audit.ndjson can be written.", next_index=2)
    assert await sink.deliver(make_entries(0, 4)) == Delivery(4)
    assert indexes(path) == [0, 1, 2, 3]


async def test_a_file_that_is_only_a_torn_line_begins_again(sink: FileSink, path: Path) -> None:
    write(path, b"\0" * 200_000)
    assert await sink.deliver(make_entries(0, 2)) == Delivery(2)
    assert indexes(path) == [0, 1]


async def test_a_gap_is_refused(sink: FileSink) -> None:
    await sink.deliver(make_entries(0, 2))
    assert await sink.deliver(make_entries(5, 6)) == Delivery(0, blocked="audit.ndjson ends before entry 2.")


async def test_another_last_line_than_the_logs_is_an_alarm(sink: FileSink) -> None:
    await sink.deliver([make_entry(0), make_entry(1, variant=1)])
    assert await sink.deliver(make_entries(0, 3)) == Delivery(3, tampered=(1,))


async def test_another_logs_file_is_refused(sink: FileSink, path: Path) -> None:
    await FileSink(path, origin="other.test/audit/log").deliver([make_entry(0)])
    assert await sink.deliver([make_entry(0)]) == Delivery(0, blocked="audit.ndjson belongs to another log.")


@pytest.mark.parametrize("line", [b"hello\n", b"[]\n", b"{}\n", b'{"event":{"sequence":"x"}}\n', b"\n"])
async def test_a_file_of_something_else_is_refused_and_left_alone(
    sink: FileSink, path: Path, line: bytes
) -> None:
    write(path, line)
    sentence = "The last line of audit.ndjson is not a line of ours."
    assert await sink.deliver([make_entry(0)]) == Delivery(0, blocked=sentence)
    assert await sink.ping() == Health(ok=False, sentence=sentence)
    assert read(path) == line


async def test_a_second_writer_waits(sink: FileSink, path: Path) -> None:
    write(path, b"")
    with path.open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        delivery = await sink.deliver([make_entry(0)])
        assert delivery.acknowledged == 0
        assert delivery.blocked is not None
        assert (await sink.ping()).ok
    assert await sink.deliver([make_entry(0)]) == Delivery(1)


async def test_a_folder_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    sink = FileSink(tmp_path / "none" / "audit.ndjson", origin=ORIGIN)
    sentence = "audit.ndjson cannot be written: No such file or directory."
    assert await sink.deliver([make_entry(0)]) == Delivery(0, blocked=sentence)
    assert await sink.ping() == Health(ok=False, sentence=sentence)


async def test_a_full_disk_loses_nothing_that_was_acknowledged() -> None:
    sink = FileSink(Path("/dev/full"), origin=ORIGIN)
    delivery = await sink.deliver([make_entry(0)])
    assert delivery.acknowledged == 0
    assert delivery.blocked is not None


async def test_bytes_that_are_no_head_are_kept_as_they_are(sink: FileSink, path: Path) -> None:
    assert await sink.deliver([make_entry(0), make_unreadable(1)]) == Delivery(2, quarantined=(1,))
    assert indexes(path) == [0, 1]


async def test_lines_are_counted(sink: FileSink, path: Path) -> None:
    assert await sink.count(5, 2) == Census({}, 0)
    await sink.deliver(make_entries(0, 7))
    write(path, read(path) + b'{"torn')
    assert await sink.count(5, 2) == Census({0: 2, 2: 2, 4: 1}, 2)
    assert await sink.indexes(1, 3) == [1, 2]
    write(path, b"no line of ours\n")
    with pytest.raises(SinkError, match="cannot be read"):
        await sink.count(5, 2)


@pytest.fixture
def looked_at(sink: FileSink, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The indexes of the lines that were read to be counted."""
    found, read_index = list[int](), sink._read_index

    def note(line: bytes) -> int:
        found.append(read_index(line))
        return found[-1]

    monkeypatch.setattr(sink, "_read_index", note)
    return found


async def test_lines_are_counted_on_from_where_the_last_count_ended(
    sink: FileSink, looked_at: list[int]
) -> None:
    await sink.deliver(make_entries(0, 7))
    assert await sink.count(5, 2) == Census({0: 2, 2: 2, 4: 1}, 2)
    await sink.deliver(make_entries(7, 9))
    assert await sink.count(8, 2) == Census({0: 2, 2: 2, 4: 2, 6: 2}, 1)
    assert await sink.count(9, 2) == Census({0: 2, 2: 2, 4: 2, 6: 2, 8: 1}, 0)
    assert await sink.indexes(6, 9) == [6, 7, 8]
    assert looked_at == list(range(9))


@pytest.mark.parametrize("place", [0, 3, 6])
async def test_a_line_taken_out_has_all_of_them_counted_again(
    sink: FileSink, path: Path, looked_at: list[int], place: int
) -> None:
    await sink.deliver(make_entries(0, 7))
    await sink.count(7, 1)
    looked_at.clear()
    lines = read(path).splitlines(keepends=True)
    more = b"".join(lines[:place] + lines[place + 1 :])
    write(path, more)  # in the same file, as an editor may
    left = {index: 1 for index in range(7) if index != place}
    assert await sink.count(7, 1) == Census(left, 0)
    assert looked_at == list(left)


async def test_a_line_taken_out_under_cover_of_new_ones_is_missed(sink: FileSink, path: Path) -> None:
    await sink.deliver(make_entries(0, 7))
    await sink.count(7, 1)
    lines = read(path).splitlines(keepends=True)
    write(path, b"".join(lines[:2] + lines[3:]))
    await sink.deliver(make_entries(7, 20))
    found = await sink.count(20, 1)
    assert 2 not in found.buckets
    assert sum(found.buckets.values()) == 19


async def test_another_file_in_its_place_is_counted_from_its_beginning(sink: FileSink, path: Path) -> None:
    await sink.deliver(make_entries(0, 7))
    await sink.count(7, 1)
    other = path.with_name("other")
    write(other, read(path) * 2)
    other.replace(path)
    assert await sink.count(7, 1) == Census(dict.fromkeys(range(7), 2), 0)
    remove(path)
    assert await sink.count(7, 1) == Census({}, 0)


def repeat_a_line(path: Path) -> None:
    """Put the second line in the place of the third: in the same file, at the same length."""
    lines, before = read(path).splitlines(keepends=True), path.stat()
    while path.stat().st_ctime_ns == before.st_ctime_ns:
        write(path, b"".join([*lines[:2], lines[1], *lines[3:]]))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert (path.stat().st_ino, path.stat().st_size) == (before.st_ino, before.st_size)


@pytest.mark.parametrize("size", [7, 9])
async def test_a_line_put_in_the_place_of_another_is_counted(sink: FileSink, path: Path, size: int) -> None:
    await sink.deliver(make_entries(0, 7))
    assert await sink.count(7, 10) == Census({0: 7}, 0)
    repeat_a_line(path)
    await sink.deliver(make_entries(0, size))
    counted = {index: 1 for index in range(size) if index != 2} | {1: 2}
    assert await sink.count(size, 1) == Census(counted, 0)


async def test_a_long_file_is_counted_in_parts(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sink = FileSink(path, origin=ORIGIN)
    await sink.deliver(make_entries(0, 60))
    monkeypatch.setattr("audit.sinks.file.COPIED", 5_000)
    counts = await asyncio.gather(*(sink.count(60, 50) for _ in range(3)))
    assert counts == [Census({0: 50, 50: 10}, 0)] * 3


async def test_a_file_that_is_mended_is_counted(sink: FileSink, path: Path) -> None:
    await sink.deliver(make_entries(0, 3))
    whole = read(path)
    for broken in (b"[" + whole[1:], whole + b"\n"):
        write(path, broken)
        for _ in range(2):
            with pytest.raises(SinkError, match="cannot be read"):
                await sink.count(3, 10)
    write(path, whole)
    assert await sink.count(3, 10) == Census({0: 3}, 0)


def test_killed_at_any_moment_it_lacks_and_repeats_nothing(path: Path) -> None:
    for _ in range(3):
        acknowledged = write_and_kill(path)
        whole = path.read_bytes()
        held = indexes_of_whole_lines(whole)
        assert held == list(range(len(held)))
        assert len(held) >= acknowledged


def write_and_kill(path: Path) -> int:
    """Let a process write, kill it in the middle, and return how many entries it said were safe."""
    command = [sys.executable, "-c", WRITER, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path(__file__).parents[3]) as process:
        assert process.stdout is not None
        said = [process.stdout.readline() for _ in range(30)]
        os.kill(process.pid, signal.SIGKILL)
        said += process.stdout.readlines()
    return int([line for line in said if line.endswith(b"\n")][-1])


def indexes_of_whole_lines(content: bytes) -> list[int]:
    lines = content[: content.rfind(b"\n") + 1].splitlines()
    return [orjson.loads(line)["event"]["sequence"] for line in lines]
