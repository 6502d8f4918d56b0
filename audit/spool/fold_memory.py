"""Memory that the worker and its folding process both see: long texts go through it, not through a pipe.

Heads and bodies are most of what is folded. A pipe copies them into the kernel and out again, piece by piece,
and between two processes that wake each other.
"""

import mmap
import os
import tempfile
from collections.abc import Sequence
from itertools import accumulate, pairwise


def create_memory() -> int:
    """Return the descriptor of new memory, inherited only where it is passed on."""
    if hasattr(os, "memfd_create"):
        return os.memfd_create("guildhall-fold", os.MFD_CLOEXEC)
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())


def put_texts(descriptor: int, texts: Sequence[bytes]) -> list[int]:
    """Write ``texts`` one behind the other, over what was there; return how long each is."""
    view = memoryview(b"".join(texts))
    at = 0
    while at < len(view):
        at += os.pwrite(descriptor, view[at:], at)
    return list(map(len, texts))


class SharedTexts:
    """The reader's side."""

    def __init__(self, descriptor: int) -> None:
        """``descriptor`` is what ``create_memory`` returned, and is closed with this."""
        self._descriptor = descriptor
        self._seen: mmap.mmap | None = None

    def take(self, sizes: Sequence[int]) -> list[bytes]:
        """Return copies of the texts of these lengths.

        Raises:
            OSError: as many bytes were never written.
        """
        ends = list(accumulate(sizes, initial=0))
        seen = self._see(ends[-1])
        return [seen[start:end] for start, end in pairwise(ends)]

    def close(self) -> None:
        """Let go of the memory."""
        self._forget()
        os.close(self._descriptor)

    def _forget(self) -> None:
        if self._seen is not None:
            self._seen.close()
            self._seen = None

    def _see(self, size: int) -> mmap.mmap | bytes:
        if self._seen is not None and len(self._seen) >= size:
            return self._seen
        if not size:
            return b""
        there = os.fstat(self._descriptor).st_size
        if there < size:
            raise OSError("The folding process wrote less than it said.")
        self._forget()
        self._seen = mmap.mmap(self._descriptor, there, prot=mmap.PROT_READ)
        return self._seen
