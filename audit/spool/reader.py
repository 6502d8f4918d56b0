"""The worker's side of a spool: frames from a position, in order, each exactly once."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from audit.spool.files import list_producers, lock_path, producer_is_gone, spool_path
from audit.spool.frame import MAX_RECORD_BYTES, Frame, SpoolCorruptError, decode_frames, frame_size

# Holds at least one frame, and some thousand calls: what a transaction, a signature and a flush cost is then
# little for each of them, and a pass still takes a fraction of a second.
CHUNK_BYTES = 16 * MAX_RECORD_BYTES
# What is read first, when the database has nothing to do yet: a little more than the largest frame.
FIRST_BYTES = 5 * MAX_RECORD_BYTES // 4

__all__ = [
    "Position",
    "list_producers",
    "lock_path",
    "next_size",
    "producer_is_gone",
    "read_frames",
    "remove_before",
    "retire",
]


def next_size(size: int) -> int:
    """Return how many bytes to read behind a chunk of ``size`` bytes while a lot waits.

    A chunk is folded while the one before it is stored, which takes a third longer for as many calls: so each
    is a third larger than the one before, up to ``CHUNK_BYTES``, and neither side waits for the other.
    """
    return min(4 * size // 3, CHUNK_BYTES)


@dataclass(frozen=True, slots=True)
class Position:
    """The first byte not yet read: in which file, where, and which frame number must come next."""

    file: int = 0
    offset: int = 0
    next_number: int = 0


def read_frames(
    directory: Path, producer: str, at: Position, size: int = CHUNK_BYTES
) -> tuple[list[Frame], Position]:
    """Return the frames of one chunk behind ``at`` and the position behind them; no frames: none for now.

    A chunk has ``size`` bytes, or fewer when there are no more, and goes on in the next file.

    Raises:
        SpoolCorruptError: a frame in the middle is damaged, or a number is missing.
    """
    # Asked before the read: once the next file exists, this one is whole.
    has_next = spool_path(directory, producer, at.file + 1).exists()
    data = _read_chunk(spool_path(directory, producer, at.file), at.offset, size)
    frames, behind = _take_frames(data, at)
    if not has_next or len(data) == size or (frames and behind.offset < at.offset + len(data)):
        return frames, behind
    if behind.offset < at.offset + len(data):
        raise SpoolCorruptError(at.offset, "the last frame of a finished file is cut short")
    try:
        more, end = read_frames(directory, producer, _next_file(behind), size - len(data))
    except SpoolCorruptError:
        if not frames:
            raise
        return frames, behind  # the next read meets the damage first
    return [*frames, *more], end


def _next_file(at: Position) -> Position:
    return Position(at.file + 1, 0, at.next_number)


def _take_frames(data: bytes, at: Position) -> tuple[list[Frame], Position]:
    frames = list[Frame]()
    try:
        behind = decode_frames(data, frames, at.offset)
    except SpoolCorruptError as error:
        # What stands before the damage is good; the next read meets the damage first.
        if not frames:
            raise
        behind = error.offset
    if [frame[1] for frame in frames] != list(range(at.next_number, at.next_number + len(frames))):
        return _take_until_gap(frames, at)
    return frames, Position(at.file, behind, at.next_number + len(frames))


def _take_until_gap(frames: Sequence[Frame], at: Position) -> tuple[list[Frame], Position]:
    expected = range(at.next_number, at.next_number + len(frames))
    place = next(place for place, number in enumerate(expected) if frames[place].number != number)
    good = list(frames[:place])
    if not good:
        _refuse_gap(at.offset, frames[0].number, at.next_number)
    return good, Position(at.file, at.offset + sum(map(frame_size, good)), expected[place])


def _refuse_gap(offset: int, found: int, expected: int) -> NoReturn:
    raise SpoolCorruptError(offset, f"frame {found} stands where {expected} belongs")


def remove_before(directory: Path, producer: str, at: Position) -> None:
    """Delete the producer's files that lie wholly before ``at``, once their frames are in the log."""
    for file in range(at.file - 1, -1, -1):
        path = spool_path(directory, producer, file)
        if not path.exists():
            return
        path.unlink()


def retire(directory: Path, producer: str, at: Position) -> None:
    """Delete all files of a producer that is gone, once its frames are in the log.

    A file with bytes behind ``at`` (a torn frame, or damage) is kept for whoever looks into it, and only its
    lock file gets another name: nothing that was not read is ever deleted.
    """
    remove_before(directory, producer, at)
    last, lock = spool_path(directory, producer, at.file), lock_path(directory, producer)
    unread = spool_path(directory, producer, at.file + 1).exists()
    if unread or (last.exists() and last.stat().st_size > at.offset):
        lock.rename(lock.with_suffix(".unread"))
        return
    last.unlink(missing_ok=True)
    lock.unlink(missing_ok=True)


def _read_chunk(path: Path, offset: int, size: int) -> bytes:
    try:
        with path.open("rb") as file:
            file.seek(offset)
            return file.read(size)
    except FileNotFoundError:
        return b""
