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


def frame_size(frame: Frame) -> int:
    """Return how many bytes of a spool the frame takes."""
    return _WHOLE.size + len(frame.record)


def encode_frame(frame: Frame) -> bytes:
    """Return the bytes of one frame.

    Raises:
        ValueError: the record is larger than :data:`MAX_RECORD_BYTES`.
    """
    if len(frame.record) > MAX_RECORD_BYTES:
        raise ValueError(f"A record of {len(frame.record)} bytes does not fit a frame.")
    payload = _PREFIX.pack(*frame[:3]) + frame.record
    return _HEADER.pack(len(payload), zlib.crc32(payload)) + payload


def decode_frames(data: bytes, frames: list[Frame], base: int = 0) -> int:
    """Add each whole frame of ``data`` to ``frames``, and return the offset behind the last of them.

    A last frame cut short, or there but not whole, is left out in silence: nobody was told it is durable.
    ``base`` is the offset of ``data``.

    Raises:
        SpoolCorruptError: a frame that others follow has a wrong length, checksum or kind; those before it
            were added.
    """
    # Each name that the loop would look up elsewhere is looked up once: thousands of frames come at a time.
    read, check, kinds, header, whole = _WHOLE.unpack_from, zlib.crc32, _KINDS, _HEADER.size, _WHOLE.size
    at, view, size, make, add = 0, memoryview(data), len(data), tuple.__new__, frames.append
    least, most = _PREFIX.size, _LARGEST_PAYLOAD
    while at <= size - whole:
        length, checksum, kind, number, ordinal = read(data, at)
        end = at + header + length
        if not least <= length <= most or end > size:
            break
        if check(view[at + header : end]) != checksum:
            if end == size:
                return base + at
            raise SpoolCorruptError(base + at, "the checksum differs")
        if kind not in kinds:
            raise SpoolCorruptError(base + at, f"{kind} is no kind of frame")
        add(make(Frame, (kinds[kind], number, ordinal, data[at + whole : end])))
        at = end
    _check_rest(data, at, base)
    return base + at


def _check_rest(data: bytes, at: int, base: int) -> None:
    """Return when what begins at ``at`` may be the beginning of a frame, or of nothing."""
    if len(data) - at < _HEADER.size:
        return
    length = int(_HEADER.unpack_from(data, at)[0])
    # Zeros are a file that grew in a power cut, before its bytes arrived.
    if not _PREFIX.size <= length <= _LARGEST_PAYLOAD and data[at:].strip(b"\0"):
        raise SpoolCorruptError(base + at, f"a frame cannot have {length} bytes")
