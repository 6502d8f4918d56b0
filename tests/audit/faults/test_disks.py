"""A full or read-only disk, under the spool and under the log: told at once, nothing torn, and back again."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from audit import outbox
from audit.reader import LogReader
from audit.spool.reader import Position, list_producers, read_frames
from audit.spool.writer import SpoolUnavailableError, SpoolWriter
from tests.audit.exports import records
from tests.audit.log_store import Store
from tests.real.small_disk import SmallDisk, fill, remount

pytestmark = pytest.mark.real

RECORD = bytes(2_000)


async def write_until_full(writer: SpoolWriter) -> int:
    """How many records are still taken."""
    for count in range(1_000):
        try:
            await writer.append_durable(RECORD)
        except SpoolUnavailableError:
            return count
    raise AssertionError("The disk is not full.")


def whole_frames(folder: Path) -> int:
    """How many frames the worker would read of every spool; SpoolCorruptError if one is torn."""
    count = 0
    for producer in list_producers(folder):
        frames, at = read_frames(folder, producer, Position())
        while frames:
            count += len(frames)
            frames, at = read_frames(folder, producer, at)
    return count


@pytest.fixture
def disk(small_disk: SmallDisk, tmp_path: Path) -> Iterator[Path]:
    with small_disk.at(tmp_path / "disk", "size=256k,nr_inodes=12") as folder:
        yield folder


async def test_a_full_disk_under_the_spool(disk: Path) -> None:
    writer = SpoolWriter.open(disk / "spool", "gateway")
    await writer.append_durable(RECORD)
    ballast = fill(disk)
    acknowledged = 1
    for _ in range(5):
        acknowledged += await write_until_full(writer)
    assert whole_frames(disk / "spool") == acknowledged
    ballast.unlink()
    await writer.append_durable(RECORD)
    assert whole_frames(disk / "spool") == acknowledged + 1
    await writer.close()


async def test_no_inode_left_for_the_next_spool_file(disk: Path) -> None:
    writer = SpoolWriter.open(disk / "spool", "gateway", rotate_bytes=len(RECORD))
    taken = []
    for number in range(20):
        try:
            taken.append(disk / f"taken-{number}")
            taken[-1].touch()
        except OSError:
            break
    await writer.append_durable(RECORD)
    with pytest.raises(SpoolUnavailableError):
        await writer.append_durable(RECORD)
    for path in taken[:-1]:
        path.unlink()
    again = writer if writer.broken is None else SpoolWriter.open(disk / "spool", "gateway")
    await again.append_durable(RECORD)
    assert whole_frames(disk / "spool") == 2
    for one in {writer, again}:
        await one.close()


async def test_a_spool_on_a_disk_that_is_read_only(disk: Path) -> None:
    remount(disk, "ro")
    with pytest.raises(SpoolUnavailableError, match="Read-only file system"):
        SpoolWriter.open(disk / "spool", "gateway")
    remount(disk, "rw")
    writer = SpoolWriter.open(disk / "spool", "gateway")
    await writer.append_durable(RECORD)
    await writer.close()


async def test_a_full_disk_under_the_log(migrated: Path, small_disk: SmallDisk, tmp_path: Path) -> None:
    """What was committed to the outbox waits there; what the log has stays; it goes on when there is room."""
    with small_disk.at(tmp_path / "disk", "size=2m") as disk:
        shutil.copytree(migrated, tmp_path / "store")
        shutil.move(tmp_path / "store" / "log.db", disk / "log.db")
        store = Store.at(tmp_path / "store", f"sqlite+aiosqlite:///{disk / 'log.db'}")
        log = await store.begin()
        worker = store.sequencer(log)
        await put(store, 5)
        assert await worker._try_once()
        ballast = fill(disk)
        await put(store, 300)
        assert await worker._try_once() is None
        assert worker.trouble == "The log cannot be written: OperationalError."
        assert await LogReader(store.engine).size() == 6
        ballast.unlink()
        while await worker._try_once():
            pass
        assert await LogReader(store.engine).size() == 306
        await store.close()


async def put(store: Store, count: int) -> None:
    async with store.main.write() as session:
        for record in records(count):
            await outbox.append(session, record)
