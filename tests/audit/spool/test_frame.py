import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.spool.frame import (
    MAX_RECORD_BYTES,
    Frame,
    FrameKind,
    SpoolCorruptError,
    decode_frames,
    encode_frame,
)

frames = st.builds(
    Frame,
    kind=st.sampled_from(FrameKind),
    number=st.integers(0, 2**64 - 1),
    ordinal=st.integers(0, 2**64 - 1),
    record=st.binary(max_size=200),
)


def a_frame(number: int) -> Frame:
    return Frame(FrameKind.INTENT, number, number, b"record %d" % number)


def read(data: bytes) -> list[Frame]:
    return read_until(data)[0]


def read_until(data: bytes, base: int = 0) -> tuple[list[Frame], int]:
    frames = list[Frame]()
    return frames, decode_frames(data, frames, base)


@given(st.lists(frames, max_size=5))
def test_frames_come_back_as_they_were_written(written: list[Frame]) -> None:
    assert read(b"".join(map(encode_frame, written))) == written


def test_the_layout_is_the_documented_one() -> None:
    payload = struct.pack("<BQQ", 2, 7, 4) + b"abc"
    expected = struct.pack("<II", len(payload), zlib.crc32(payload)) + payload
    assert encode_frame(Frame(FrameKind.OUTCOME, 7, 4, b"abc")) == expected


def test_a_frame_cut_short_anywhere_ends_the_walk_in_silence() -> None:
    whole, last = encode_frame(a_frame(0)), encode_frame(a_frame(1))
    for kept in range(len(last)):
        assert read_until(whole + last[:kept], 100) == ([a_frame(0)], 100 + len(whole))


def test_zeros_left_by_a_power_cut_end_the_walk_in_silence() -> None:
    assert read(encode_frame(a_frame(0)) + bytes(4096)) == [a_frame(0)]


def test_a_last_frame_whose_bytes_never_arrived_ends_the_walk_in_silence() -> None:
    last = encode_frame(a_frame(1))
    assert read(encode_frame(a_frame(0)) + last[:-3] + b"\0\0\0") == [a_frame(0)]


@pytest.mark.parametrize("place", [8, 20, 30])
def test_damage_in_the_middle_is_named_by_its_offset(place: int) -> None:
    data = bytearray(b"".join(encode_frame(a_frame(number)) for number in range(3)))
    length = len(encode_frame(a_frame(0)))
    data[length + place] ^= 1
    with pytest.raises(SpoolCorruptError) as caught:
        read_until(bytes(data), 50)
    assert caught.value.offset == 50 + length


@pytest.mark.parametrize("length", [3, MAX_RECORD_BYTES * 2])
def test_an_impossible_length_is_damage(length: int) -> None:
    data = struct.pack("<II", length, 1) + b"some bytes behind it, enough of them"
    with pytest.raises(SpoolCorruptError, match="cannot have"):
        read(data)


def test_an_unknown_kind_is_damage() -> None:
    payload = struct.pack("<BQQ", 9, 0, 0) + b"abc"
    data = struct.pack("<II", len(payload), zlib.crc32(payload)) + payload
    with pytest.raises(SpoolCorruptError, match="no kind"):
        read(data)


def test_a_record_too_large_is_refused() -> None:
    with pytest.raises(ValueError, match="does not fit"):
        encode_frame(Frame(FrameKind.ENTRY, 0, 0, bytes(MAX_RECORD_BYTES + 1)))
