"""The lines of a file by the index of their entry, counted on from where the last count ended.

A file of millions of lines is read once, and then only what was appended. It is read anew from its beginning
when it is another file, shorter, or no longer has the line in its place that was counted last: nothing can be
taken out or put in before that line without moving it. Lines changed in their place are for the comparison
that looks at every one (audit.following.deep).
"""

import os
from collections import Counter
from collections.abc import Callable, Iterator
from io import BufferedReader
from pathlib import Path

from audit.sinks.port import Census


class Counted:
    """One file's lines; to be asked by one thread at a time."""

    def __init__(self, path: Path, read_index: Callable[[bytes], int]) -> None:
        """``read_index`` returns the index that a line states; what it raises goes to who counts."""
        self._path = path
        self._read_index = read_index
        self._forget(0, 1)

    def count(self, size: int, step: int) -> Census:
        """Return the census as ``audit.sinks.port.Countable`` says; of no file, an empty one.

        Raises:
            OSError: the file cannot be read.
        """
        try:
            with self._path.open("rb") as file:
                self._count_on(file, size, step)
        except FileNotFoundError:
            self._forget(size, step)
        except BaseException:
            self._forget(0, 1)
            raise
        return Census(dict(self._buckets), self._beyond.total())

    def _forget(self, size: int, step: int) -> None:
        self._size, self._step = size, step
        self._inode, self._end, self._last = -1, 0, b""
        self._buckets = Counter[int]()
        self._beyond = Counter[int]()

    def _count_on(self, file: BufferedReader, size: int, step: int) -> None:
        if not self._goes_on(file, size, step):
            self._forget(size, step)
            self._inode = os.fstat(file.fileno()).st_ino
        self._size = size
        for index in [index for index in self._beyond if index < size]:
            self._buckets[index - index % step] += self._beyond.pop(index)
        for index in self._fresh(file):
            if index < size:
                self._buckets[index - index % step] += 1
            else:
                self._beyond[index] += 1

    def _goes_on(self, file: BufferedReader, size: int, step: int) -> bool:
        """Say whether the file still is what was counted, and the question one that can be answered on."""
        now = os.fstat(file.fileno())
        if (now.st_ino, step) != (self._inode, self._step) or now.st_size < self._end or size < self._size:
            return False
        file.seek(self._end - len(self._last))
        return file.read(len(self._last)) == self._last

    def _fresh(self, file: BufferedReader) -> Iterator[int]:
        file.seek(self._end)
        for line in file:
            if not line.endswith(b"\n"):
                return  # torn, or still being written
            yield self._read_index(line)
            self._end, self._last = self._end + len(line), line
