"""Appending whole lines to a file, so that a killed process leaves nothing to repair by hand."""

import os
from pathlib import Path

BLOCK = 65_536


def append(descriptor: int, lines: bytes, size: int) -> None:
    """Write ``lines`` after the first ``size`` bytes and sync; a torn line beyond them is cut off."""
    if os.fstat(descriptor).st_size != size:
        os.ftruncate(descriptor, size)
    written = 0
    while written < len(lines):
        written += os.pwrite(descriptor, lines[written:], size + written)
    os.fsync(descriptor)


def last_line(descriptor: int) -> tuple[int, bytes]:
    """Return where the last whole line ends, and that line; nothing of a torn one after it."""
    position = os.fstat(descriptor).st_size
    read = b""
    while position > 0 and read.count(b"\n") < 2:  # noqa: PLR2004 - the end before it, and its own
        start = max(0, position - BLOCK)
        read = os.pread(descriptor, position - start, start) + read
        position = start
    whole = read[: read.rfind(b"\n") + 1]
    return position + len(whole), whole[:-1].rpartition(b"\n")[2]


def sync_folder(folder: Path) -> None:
    """Make a new file's name durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
