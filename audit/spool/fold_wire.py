"""What the worker and its folding process say to each other: eight bytes of length, then ``marshal``.

The texts of heads and bodies are said by their lengths; they lie in memory that both see (fold_memory). Both
ends are one installation's own code in one interpreter's version, and neither takes it from a file or
a network; of Python's own writers ``marshal`` is the fastest, and it cannot be made to call anything.
"""

import marshal
from pathlib import Path
from typing import Any, BinaryIO, Final

from audit.columns import Columns
from audit.spool.fold_memory import SharedTexts, put_texts
from audit.spool.folding import Folded
from audit.spool.frame import Frame, FrameKind, SpoolCorruptError
from audit.spool.reader import Position

HEADER_BYTES: Final = 8


def pack_request(directory: Path, producer: str, at: Position, size: int) -> bytes:
    """Return the frame that asks for a chunk of ``size`` bytes."""
    return _pack((str(directory), producer, position_of(at), size))


def pack_folded(folded: Folded, memory: int) -> bytes:
    """Return the frame of an answer; its long texts are put into ``memory``."""
    rest = [(int(frame.kind), *frame[1:]) for frame in folded.rest]
    short, long = folded.placed.split()
    sizes = put_texts(memory, long)
    return _pack((position_of(folded.at), short, sizes, rest, folded.frames, folded.said))


def pack_error(offset: int, why: str) -> bytes:
    """Return the frame that answers for a damaged spool."""
    return _pack((offset, why))


def unpack_folded(body: bytes | bytearray, memory: SharedTexts) -> Folded:
    """Read the body of an answer, before the next one is asked for.

    Raises:
        SpoolCorruptError: as the chunk was found.
        OSError: the memory does not hold what the answer says.
    """
    answer: tuple[Any, ...] = marshal.loads(body)  # noqa: S302 - from our own child, over its pipe
    if len(answer) == len(("offset", "why")):
        raise SpoolCorruptError(*answer)
    at, short, sizes, rest, frames, said = answer
    return Folded(
        Position(*at),
        Columns.joined(short, memory.take(sizes)),
        [Frame(FrameKind(kind), *others) for kind, *others in rest],
        frames,
        said,
    )


def read_message(stream: BinaryIO) -> Any | None:  # noqa: ANN401 - what the other side packed
    """Read one message from a blocking stream; None at its end."""
    header = stream.read(HEADER_BYTES)
    if len(header) < HEADER_BYTES:
        return None
    return marshal.loads(stream.read(int.from_bytes(header, "big")))  # noqa: S302 - from our own parent


def _pack(message: Any) -> bytes:  # noqa: ANN401 - tuples of what marshal takes
    body = marshal.dumps(message)
    return len(body).to_bytes(HEADER_BYTES, "big") + body


def position_of(at: Position) -> tuple[int, int, int]:
    """Return a position as it is sent."""
    return at.file, at.offset, at.next_number
