"""Messages between the console and its evaluator process: four bytes of length, then JSON in UTF-8."""

import json
from typing import BinaryIO, Final

HEADER_BYTES: Final = 4
LARGEST_FRAME: Final = 16 * 1024 * 1024


def pack(message: object) -> bytes:
    """Return the frame of a message.

    Raises:
        ValueError: the message is longer than a frame may be.
    """
    body = json.dumps(message, separators=(",", ":")).encode()
    if len(body) > LARGEST_FRAME:
        raise ValueError("The message is longer than a frame may be.")
    return len(body).to_bytes(HEADER_BYTES, "big") + body


def read_length(header: bytes) -> int:
    """Return the length a header announces.

    Raises:
        ValueError: it is longer than a frame may be.
    """
    length = int.from_bytes(header, "big")
    if length > LARGEST_FRAME:
        raise ValueError("The frame is longer than frames may be.")
    return length


def read_frame(stream: BinaryIO) -> object | None:
    """Read one message from a blocking stream; None at its end."""
    header = stream.read(HEADER_BYTES)
    if len(header) < HEADER_BYTES:
        return None
    body = stream.read(read_length(header))
    return json.loads(body)  # type: ignore[no-any-return]
