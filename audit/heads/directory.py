"""Remembers heads as files in a folder, such as a mount that can be written once and never changed.

Files are made with ``O_EXCL`` and never renamed or removed, because a write-once mount allows neither. Each
lies in the folder of its day, so that no folder grows without end: ``2026-11-22/00000000000000004711.note``.
"""

import asyncio
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from audit.checkpoints.checkpoint import Checkpoint
from audit.checkpoints.trust import Trust
from audit.errors import NoteError
from audit.heads.port import KeeperError, SplitViewError
from audit.spool.files import sync_directory

_SUFFIX: Final = ".note"
_SECOND: Final = 1_000_000


class DirectoryKeeper:
    """A folder of notes; what is in it and is not signed by the log is passed over."""

    kind = "directory"

    def __init__(self, folder: Path, trust: Callable[[], Trust], clock: Callable[[], int]) -> None:
        """``trust`` tells the log's keys, ``clock`` microseconds UTC."""
        self.name = f"The folder {folder}"
        self._folder = folder
        self._trust = trust
        self._clock = clock

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
        if not self._folder.is_dir():
            raise KeeperError(f"{self.name} is not there.")
        found = [one for day in self._folder.iterdir() if day.is_dir() and (one := self._largest(day))]
        # By size and not by day: a clock that once ran ahead must not hide what was signed since.
        return max(found, key=lambda one: one[0])[1] if found else None

    def _largest(self, day: Path) -> tuple[int, str] | None:
        """Return the largest checkpoint kept on a day, with its size."""
        for path in sorted(day.glob(f"*{_SUFFIX}"), reverse=True):
            try:
                note = path.read_text("utf-8")
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
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
        except FileExistsError:
            self._compare(path, fresh)
            return
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(note)
            file.flush()
            os.fsync(file.fileno())
        sync_directory(day)

    def _compare(self, path: Path, fresh: Checkpoint) -> None:
        held = path.read_text("utf-8", "replace")
        try:
            differs = self._check(held).root != fresh.root
        except NoteError:
            return
        if differs:
            raise SplitViewError(self.name, fresh.size, held)
