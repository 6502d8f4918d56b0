from pathlib import Path

import pytest

from audit.spool.files import lock_path, producer_is_gone, spool_path, take_lock
from audit.spool.frame import Frame, FrameKind, SpoolCorruptError, encode_frame
from audit.spool.reader import Position, read_frames, remove_before, retire

PRODUCER = "gateway-1"


def write(directory: Path, file: int, numbers: range, torn: bytes = b"") -> None:
    frames = b"".join(map(encode_frame, frames_of(numbers)))
    spool_path(directory, PRODUCER, file).write_bytes(frames + torn)


def test_reads_on_where_it_stopped(tmp_path: Path) -> None:
    write(tmp_path, 0, range(3))
    frames, at = read_frames(tmp_path, PRODUCER, Position())
    assert [frame.number for frame in frames] == [0, 1, 2]
    assert read_frames(tmp_path, PRODUCER, at) == ([], at)
    write(tmp_path, 0, range(5))
    assert [frame.number for frame in read_frames(tmp_path, PRODUCER, at)[0]] == [3, 4]


def test_goes_from_file_to_file(tmp_path: Path) -> None:
    write(tmp_path, 0, range(2))
    write(tmp_path, 1, range(0))
    write(tmp_path, 2, range(2, 4))
    frames, at = read_frames(tmp_path, PRODUCER, Position())
    assert [frame.number for frame in frames] == [0, 1, 2, 3]
    assert at.file == 2
    assert read_frames(tmp_path, PRODUCER, at) == ([], at)


def test_a_chunk_holds_as_many_bytes_as_asked_for_across_files(tmp_path: Path) -> None:
    length = len(encode_frame(Frame(FrameKind.ENTRY, 0, 0, b"entry")))
    write(tmp_path, 0, range(2))
    write(tmp_path, 1, range(2, 5))
    frames, at = read_frames(tmp_path, PRODUCER, Position(), 3 * length + 1)
    assert ([frame.number for frame in frames], at) == ([0, 1, 2], Position(1, length, 3))
    frames, at = read_frames(tmp_path, PRODUCER, Position(), 2 * length)
    assert (len(frames), at) == (2, Position(0, 2 * length, 2))
    assert read_frames(tmp_path, PRODUCER, at, length) == (frames_of(range(2, 3)), Position(1, length, 3))


def frames_of(numbers: range) -> list[Frame]:
    return [Frame(FrameKind.ENTRY, number, number, b"entry") for number in numbers]


def test_damage_in_the_next_file_is_met_when_what_stands_before_it_was_read(tmp_path: Path) -> None:
    write(tmp_path, 0, range(2))
    write(tmp_path, 1, range(3, 4))
    frames, at = read_frames(tmp_path, PRODUCER, Position())
    assert len(frames) == 2
    with pytest.raises(SpoolCorruptError, match="frame 3 stands where 2 belongs"):
        read_frames(tmp_path, PRODUCER, at)


def test_a_spool_shorter_than_the_cursor_has_no_more_frames(tmp_path: Path) -> None:
    write(tmp_path, 0, range(1))
    assert read_frames(tmp_path, PRODUCER, Position(0, 4_000, 9))[0] == []


def test_a_missing_number_is_damage(tmp_path: Path) -> None:
    write(tmp_path, 0, range(1, 3))
    with pytest.raises(SpoolCorruptError, match="frame 1 stands where 0 belongs"):
        read_frames(tmp_path, PRODUCER, Position())


def test_what_stands_before_damage_is_read_first(tmp_path: Path) -> None:
    write(tmp_path, 0, range(2), torn=bytes([9]) * 80)
    frames, at = read_frames(tmp_path, PRODUCER, Position())
    assert len(frames) == 2
    with pytest.raises(SpoolCorruptError) as caught:
        read_frames(tmp_path, PRODUCER, at)
    assert caught.value.offset == at.offset


def test_a_torn_frame_ends_the_last_file_only(tmp_path: Path) -> None:
    write(tmp_path, 0, range(1), torn=b"\x20\0\0")
    _, at = read_frames(tmp_path, PRODUCER, Position())
    assert read_frames(tmp_path, PRODUCER, at) == ([], at)
    write(tmp_path, 1, range(1, 2))
    with pytest.raises(SpoolCorruptError, match="cut short"):
        read_frames(tmp_path, PRODUCER, at)


def test_files_are_deleted_only_when_read(tmp_path: Path) -> None:
    for file in range(3):
        write(tmp_path, file, range(file, file + 1))
    remove_before(tmp_path, PRODUCER, Position(2, 0, 2))
    left = [spool_path(tmp_path, PRODUCER, file).exists() for file in range(3)]
    assert left == [False, False, True]


@pytest.mark.parametrize("torn", [b"", b"\x20\0\0"])
def test_retiring_keeps_what_was_not_read(tmp_path: Path, torn: bytes) -> None:
    lock = lock_path(tmp_path, PRODUCER)
    lock.touch()
    write(tmp_path, 0, range(1), torn)
    _, at = read_frames(tmp_path, PRODUCER, Position())
    retire(tmp_path, PRODUCER, at)
    assert not lock.exists()
    assert spool_path(tmp_path, PRODUCER, 0).exists() == bool(torn)


def test_a_lock_file_has_its_lock_before_it_has_its_name(tmp_path: Path) -> None:
    take_lock(tmp_path, PRODUCER)
    assert not producer_is_gone(lock_path(tmp_path, PRODUCER))
    assert producer_is_gone(lock_path(tmp_path, "never-lived"))
