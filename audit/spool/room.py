"""How much room a spool folder has left: nothing unlogged is deleted, so calls stop before it is full."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Final

WARN_AT: Final = 0.8
SHED_AT: Final = 0.9
_KEPT_MICROSECONDS: Final = 1_000_000


class SpoolRoom:
    """The share of its room that the folder uses, seen anew each second; ``clock`` tells microseconds UTC."""

    def __init__(self, directory: Path, limit_bytes: int, clock: Callable[[], int]) -> None:
        self._directory = directory
        self._limit = limit_bytes
        self._clock = clock
        self._looked: int | None = None
        self._share = 0.0

    @property
    def is_scarce(self) -> bool:
        """Whether no new call should be taken on."""
        return self.share() >= SHED_AT

    def share(self) -> float:
        """Return what is used, from 0 to 1 and beyond, of the limit or of what the disk could hold."""
        now = self._clock()
        if self._looked is None or not 0 <= now - self._looked < _KEPT_MICROSECONDS:
            self._looked, self._share = now, used_share(self._directory, self._limit)
        return self._share


def used_share(directory: Path, limit_bytes: int) -> float:
    """Return the larger of two shares: of ``limit_bytes``, and of the bytes used and free on the disk."""
    try:
        used, free = _used_bytes(directory), shutil.disk_usage(directory).free
    except OSError:  # no folder yet, or none that can be read: the write itself will say so
        return 0.0
    return max(used / limit_bytes, used / (used + free) if used else 0.0)


def _used_bytes(directory: Path) -> int:
    used = 0
    with os.scandir(directory) as files:
        for file in files:
            try:
                used += file.stat().st_size
            except FileNotFoundError:  # it was logged and deleted at this moment
                continue
    return used
