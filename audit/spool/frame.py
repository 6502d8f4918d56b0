"""The spool's frame: how one record lies in the file.

A frame is ``u32 LE length, u32 LE crc32 of the payload, payload``. A payload is ``u8 kind, u64 LE number,
u64 LE ordinal, record``:

- ``number`` counts all frames of a producer from 0, without a gap, so that a lost frame shows.
- ``ordinal`` counts from 0, without a gap, the frames that begin an entry of the log (intents and whole
  entries); it becomes the head's ``number``, so that a lost call shows in the log itself. In an outcome it is
  the ``number`` of its intent.
"""

import struct
import zlib
from collections.abc import Iterator
from enum import IntEnum
from typing import NamedTuple

from audit.errors import AuditError

MAX_RECORD_BYTES = 1 << 20

_HEADER = struct.Struct("<II")
_PREFIX = struct.Struct("<BQQ")
_WHOLE = struct.Struct("<IIBQQ")
_LARGEST_PAYLOAD = _PREFIX.size + MAX_RECORD_BYTES


class SpoolCorruptError(AuditError):
    """A frame in the middle of a spool is not what was written; ``offset`` is where it begins."""

    def __init__(self, offset: int, why: str) -> None:
        super().__init__(f"The spool is damaged at byte {offset}: {why}.")
        self.offset, self.why = offset, why


class FrameKind(IntEnum):
    """What a frame holds: a call's intent, its outcome, or a whole entry such as a refusal."""

    INTENT = 1
    OUTCOME = 2
    ENTRY = 3


_KINDS = {kind.value: kind for kind in FrameKind}


class Frame(NamedTuple):
    """One record of a spool with its place in the producer's two counts."""

    kind: FrameKind
    number: int
    ordinal: int
    record: bytes


def encode_frame(frame: Frame) -> bytes:
    """Return the bytes of one frame.

    Raises:
        ValueError: the record is larger than :data:`MAX_RECORD_BYTES`.
    """
    if len(frame.record) > MAX_RECORD_BYTES:
        raise ValueError(f"A record of {len(frame.record)} bytes does not fit a frame.")
    payload = _PREFIX.pack(*frame[:3]) + frame.record
    return _HEADER.pack(len(payload), zlib.crc32(payload)) + payload


def decode_frames(data: bytes, base: int = 0) -> Iterator[tuple[Frame, int]]:
    """Yield each whole frame of ``data`` with the offset behind it; ``base`` is the offset of ``data``.

    A last frame cut short, or there but not whole, ends the walk in silence: nobody was told it is durable.

    Raises:
        SpoolCorruptError: a frame that others follow has a wrong length, checksum or kind.
    """
    # Each name that the loop would look up elsewhere is looked up once: thousands of frames come at a time.
    read, check, kinds, header, whole = _WHOLE.unpack_from, zlib.crc32, _KINDS, _HEADER.size, _WHOLE.size
    at, view, size, make = 0, memoryview(data), len(data), tuple.__new__
    while at <= size - whole:
        length, checksum, kind, number, ordinal = read(data, at)
        end = at + header + length
        if not _PREFIX.size <= length <= _LARGEST_PAYLOAD or end > size:
            break
        if check(view[at + header : end]) != checksum:
            if end == size:
                return
            raise SpoolCorruptError(base + at, "the checksum differs")
        if kind not in kinds:
            raise SpoolCorruptError(base + at, f"{kind} is no kind of frame")
        yield make(Frame, (kinds[kind], number, ordinal, data[at + whole : end])), base + end
        at = end
    _check_rest(data, at, base)


def _check_rest(data: bytes, at: int, base: int) -> None:
    """Return when what begins at ``at`` may be the beginning of a frame, or of nothing."""
    if len(data) - at < _HEADER.size:
        return
    length = int(_HEADER.unpack_from(data, at)[0])
    # Zeros are a file that grew in a power cut, before its bytes arrived.
    if not _PREFIX.size <= length <= _LARGEST_PAYLOAD and data[at:].strip(b"\0"):
        raise SpoolCorruptError(base + at, f"a frame cannot have {length} bytes")
