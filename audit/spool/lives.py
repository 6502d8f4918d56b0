"""A process's spool through its lives: each begins and ends with an entry, and one that broke is followed.

A worker that finds a live spool damaged leaves a mark beside it: nobody reads what is written behind that,
so the process takes no more records until a person has looked.
"""

import asyncio
import contextlib
import hashlib
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Final

from audit.event import Event
from audit.events import Action
from audit.record import Record, seal
from audit.spool.files import is_damaged
from audit.spool.writer import SpoolUnavailableError, SpoolWriter
from audit.subjects.keyring import MemoryKeyRing

BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")
RETRY_MICROSECONDS: Final = 1_000_000
_SHOWN: Final = 16


class SpoolLives:
    """Gives the writer of now; ``clock`` tells microseconds UTC. Nothing is opened before it is needed."""

    def __init__(self, directory: Path, name: str, clock: Callable[[], int]) -> None:
        self._directory = directory
        self._name = name
        self._clock = clock
        self._writer: SpoolWriter | None = None
        self._failed: int | None = None
        self._closing: set[asyncio.Task[None]] = set()

    @property
    def broken(self) -> str | None:
        """Why nothing can be recorded just now, if so; a life that broke is not the end."""
        if self._writer is not None and is_damaged(self._directory, self._writer.producer):
            return "the worker found it damaged"
        return "it is not open" if self._writer is None else self._writer.broken

    def writer(self) -> SpoolWriter:
        """Return the writer of this life, or begin the next one.

        Raises:
            SpoolUnavailableError: the spool is damaged, or no file can be begun; asked again in a second.
        """
        if self._writer is not None and is_damaged(self._directory, self._writer.producer):
            raise SpoolUnavailableError("The spool is damaged; a person has to look into it.")
        if self._writer is None or self._writer.broken is not None:
            self._writer = self._begin(self._writer)
        return self._writer

    async def close(self) -> None:
        """End this life cleanly: its last entry says so."""
        if self._writer is not None:
            if self._writer.broken is None:
                with contextlib.suppress(SpoolUnavailableError):
                    self._writer.append(life_record(Action.PRODUCER_CLOSE, self._clock()).to_bytes(), "entry")
            await self._writer.close()
        await asyncio.gather(*self._closing)

    async def abandon(self) -> None:
        """Let go of the files without a last entry, as a process does that is killed."""
        if self._writer is not None:
            await self._writer.close()

    def _begin(self, old: SpoolWriter | None) -> SpoolWriter:
        now = self._clock()
        if self._failed is not None and 0 <= now - self._failed < RETRY_MICROSECONDS:
            raise SpoolUnavailableError("The spool cannot be used just now.")
        self._failed = now
        writer = SpoolWriter.open(self._directory, self._name)
        try:
            writer.append(life_record(Action.PRODUCER_OPEN, now).to_bytes(), "entry")
        except SpoolUnavailableError:
            self._end(writer)
            raise
        self._failed = None
        if old is not None:
            self._end(old)
        return writer

    def _end(self, writer: SpoolWriter) -> None:
        # What it holds is still read: its lock tells the worker that it ended.
        task = asyncio.get_running_loop().create_task(writer.close())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)


def life_record(action: Action, now: int) -> Record:
    """Return the entry of a producer's beginning or end: which process, of which start of which host.

    The host is a digest: a machine may be called by a person's name, and a head stays for ever.
    """
    flags = (f"boot:{_digest(_boot_id())}", f"host:{_digest(socket.gethostname())}", f"pid:{os.getpid()}")
    return seal(Event(action=action, actor=None, flags=flags), time=now, keys=MemoryKeyRing())


def _boot_id() -> str:
    try:
        return BOOT_ID.read_text("ascii").strip()
    except OSError:
        return ""


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:_SHOWN]
