"""Remembers heads as files in a folder, such as a mount that can be written once and never changed.

Files are made with ``O_EXCL`` and never renamed or removed, because a write-once mount allows neither. Each
lies in the folder of its day, so that no folder grows without end: ``2026-11-22/00000000000000004711.note``.
What a day held is remembered until something is made in its folder again: there are thousands of files a day,
and a mount over the network could not list those of a year each time.
"""

import asyncio
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from audit.checkpoints.checkpoint import Checkpoint
from audit.checkpoints.trust import Trust
from audit.errors import NoteError
from audit.heads.created import create_file
from audit.heads.port import KeeperError, SplitViewError

_SUFFIX: Final = ".note"
_SECOND: Final = 1_000_000
_SETTLED: Final = 3_600 * 1_000_000_000
"""Nanoseconds: a folder that changed so shortly before the newest change is listed each time.

Times of files are coarse on some mounts, so two changes may look like one.
"""

Found = tuple[int, str]
"""A size, and the note of it."""


class DirectoryKeeper:
    """A folder of notes; what is in it and is not signed by the log is passed over."""

    kind = "directory"

    def __init__(self, folder: Path, trust: Callable[[], Trust], clock: Callable[[], int]) -> None:
        """``trust`` tells the log's keys, ``clock`` microseconds UTC."""
        self.name = f"The folder {folder}"
        self._folder = folder
        self._trust = trust
        self._clock = clock
        self._days: dict[str, tuple[int, Found | None]] = {}
        self._reading = threading.Lock()

    async def read(self) -> str | None:
        """Return the largest checkpoint remembered, as ``HeadKeeper`` says."""
        try:
            return await asyncio.to_thread(self._read)
        except OSError as error:
            raise KeeperError(f"{self.name} cannot be read: {error.strerror}.") from None

    async def remember(self, note: str) -> None:
        """Remember a signed checkpoint, as ``HeadKeeper`` says."""
        try:
            await asyncio.to_thread(self._write, note)
        except OSError as error:
            raise KeeperError(f"{self.name} cannot be written: {error.strerror}.") from None

    async def close(self) -> None:
        """Nothing is held open."""

    def _read(self) -> str | None:
        # Given up on for its slowness, a first look goes on in its thread: a second one would only slow it.
        if not self._reading.acquire(blocking=False):
            raise KeeperError(f"{self.name} is still being read.")
        try:
            found = [one for day, changed in self._changes().items() if (one := self._largest(day, changed))]
        finally:
            self._reading.release()
        # By size and not by day: a clock that once ran ahead must not hide what was signed since.
        return max(found)[1] if found else None

    def _changes(self) -> dict[str, int]:
        """Return when each day's folder changed; forget those that may have changed unseen."""
        if not self._folder.is_dir():
            raise KeeperError(f"{self.name} is not there.")
        days = {one.name: one.stat().st_mtime_ns for one in self._folder.iterdir() if one.is_dir()}
        settled = max(days.values(), default=0) - _SETTLED
        known = self._days.items()
        self._days = {day: kept for day, kept in known if kept[0] == days.get(day) and kept[0] < settled}
        return days

    def _largest(self, day: str, changed: int) -> Found | None:
        """Return the largest checkpoint kept on a day."""
        if day not in self._days:
            self._days[day] = (changed, self._look(self._folder / day))
        return self._days[day][1]

    def _look(self, day: Path) -> Found | None:
        names = (one.name for one in day.iterdir())
        for name in sorted((name for name in names if name.endswith(_SUFFIX)), reverse=True):
            try:
                note = (day / name).read_text("utf-8")
                return self._check(note).size, note
            except (NoteError, UnicodeDecodeError):
                continue  # cut short by a crash, or put there by somebody without the key
        return None

    def _check(self, note: str) -> Checkpoint:
        return self._trust().check(note.encode(), now=0, whole=False)

    def _write(self, note: str) -> None:
        if not self._folder.is_dir():
            raise KeeperError(f"{self.name} is not there.")
        fresh = self._check(note)
        day = self._folder / datetime.fromtimestamp(self._clock() // _SECOND, UTC).strftime("%Y-%m-%d")
        day.mkdir(exist_ok=True)
        path = day / f"{fresh.size:020d}{_SUFFIX}"
        try:
            create_file(path, note.encode())
        except FileExistsError:
            self._compare(path, fresh)

    def _compare(self, path: Path, fresh: Checkpoint) -> None:
        held = path.read_text("utf-8", "replace")
        try:
            differs = self._check(held).root != fresh.root
        except NoteError:
            return
        if differs:
            raise SplitViewError(self.name, fresh.size, held)
