"""Which entries the lines of a file are of, read once: later looks go on where the last one ended.

That holds only while nobody else touches the file. Every change moves its change time, which programs cannot
set, so one that this process did not make itself is seen, and the file is read whole again.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Final

from audit.sinks.port import Census

Stamp = tuple[int, int, int, int]
ABSENT: Final[Stamp] = (0, 0, 0, 0)


def read_stamp(found: os.stat_result) -> Stamp:
    """Return what says which file it is and when it was changed last: device, inode, size, change time."""
    return found.st_dev, found.st_ino, found.st_size, found.st_ctime_ns


class OwnChanges:
    """Tells the changes that this process made to a file from all others."""

    def __init__(self) -> None:
        """Begin with a file of which nothing is known."""
        self._lock = Lock()
        self._known: Stamp | None = None
        self._others = 0

    @contextmanager
    def changing(self, descriptor: int) -> Iterator[None]:
        """Count what is done to the open file inside, when it comes to its end, as our own."""
        with self._lock:
            self._compare(read_stamp(os.fstat(descriptor)))
            yield
            self._known = read_stamp(os.fstat(descriptor))

    def look(self, path: Path) -> int:
        """Return how many times the file was found changed by others; another number is another file.

        Raises:
            OSError: the file cannot be asked.
        """
        with self._lock:
            try:
                self._compare(read_stamp(path.stat()))
            except FileNotFoundError:
                self._compare(ABSENT)
            return self._others

    def _compare(self, now: Stamp) -> None:
        if now != self._known:
            self._known = now
            self._others += 1


class Counted:
    """The indexes of the lines up to a place in the file, as runs: a whole file is one run.

    Attributes:
        place: where the last line that was counted ends.
    """

    def __init__(self, others: int = -1) -> None:
        """``others`` is what ``OwnChanges.look`` said when the count began."""
        self.place = 0
        self.others = others
        self._runs: list[list[int]] = []

    def add(self, indexes: Sequence[int], size: int) -> None:
        """Count the next lines, ``size`` bytes of them."""
        for index in indexes:
            if self._runs and self._runs[-1][1] == index:
                self._runs[-1][1] = index + 1
            else:
                self._runs.append([index, index + 1])
        self.place += size

    def census(self, size: int, step: int) -> Census:
        """Return the counts as ``Countable.count`` says."""
        buckets: dict[int, int] = {}
        for first, end in self._within(None, size):
            for bucket in range(first - first % step, end, step):
                lines = min(end, bucket + step) - max(first, bucket)
                buckets[bucket] = buckets.get(bucket, 0) + lines
        return Census(buckets, sum(end - first for first, end in self._within(size, None)))

    def between(self, first: int, last: int) -> list[int]:
        """Return the indexes as ``Countable.indexes`` says, in the file's order."""
        return [index for start, end in self._within(first, last) for index in range(start, end)]

    def _within(self, first: int | None, last: int | None) -> Iterator[tuple[int, int]]:
        for start, end in self._runs:
            low = start if first is None else max(start, first)
            high = end if last is None else min(end, last)
            if low < high:
                yield low, high
