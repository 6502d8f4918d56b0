"""The gateway's side of its spool: durable intents by group commit, outcomes by one write."""

import asyncio
import contextlib
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Literal, NamedTuple, Self

from uuid_utils.compat import uuid7

from audit.errors import AuditError
from audit.spool.files import create_spool_file, take_lock
from audit.spool.frame import Frame, FrameKind, encode_frame

ROTATE_BYTES = 64 << 20
SYNC_TIMEOUT_SECONDS = 5.0
LISTEN_SECONDS = 0.25

_DURABLE = {"intent": FrameKind.INTENT, "entry": FrameKind.ENTRY}


class SpoolUnavailableError(AuditError):
    """A record could not be made durable; what it speaks of must not happen.

    ``number`` is the frame's, when it was written but is not known to be durable: an intent's caller then
    tries ``append_outcome`` with it, so that the refused call does not count as open.
    """

    def __init__(self, sentence: str, number: int | None = None) -> None:
        super().__init__(sentence)
        self.number = number


class _Waiter(NamedTuple):
    """A caller that waits until ``deadline``, on the loop's clock, for the frame ``number``."""

    deadline: float
    number: int | None
    told: asyncio.Future[None]


class SpoolWriter:
    """One process life's spool. Calls come from one event loop; each life is a producer of its own.

    A frame is written at once and synchronised in a thread; all callers that wait share the next
    ``fdatasync``. When a write fails, the file is cut back to its last whole frame and the writer stays
    usable. When an ``fdatasync`` fails, nothing is known of the pages any more: the writer is ``broken`` for
    good.

    Attributes:
        producer: the name of this life.
        broken: why nothing can be written any more, if so.
        ordinal: the number that the next frame will have which begins an entry.
    """

    def __init__(self, directory: Path, producer: str, lock: int, descriptor: int, rotate_bytes: int) -> None:
        self.producer = producer
        self.broken: str | None = None
        self._directory = directory
        self._lock = lock
        self._descriptor = descriptor
        self._retired: list[int] = []
        self._rotate_bytes = rotate_bytes
        self._file = 0
        self._size = 0
        self._number = 0
        self.ordinal = 0
        self._waiters: list[_Waiter] = []
        self._waiting_now: list[_Waiter] = []
        self._alarm: asyncio.TimerHandle | None = None
        self._syncing: asyncio.Task[None] | None = None
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="spool")

    @classmethod
    def open(cls, directory: Path, producer: str, *, rotate_bytes: int = ROTATE_BYTES) -> Self:
        """Begin a new spool in ``directory``; ``writer.producer`` is ``producer`` with a unique suffix.

        Raises:
            SpoolUnavailableError: the directory cannot be written.
        """
        name = f"{producer}-{uuid7().hex}"
        try:
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = create_spool_file(directory, name, 0)
            lock = take_lock(directory, name)
        except OSError as error:
            raise SpoolUnavailableError(f"No spool can be opened: {error.strerror}.") from error
        return cls(directory, name, lock, descriptor, rotate_bytes)

    async def append_durable(self, record: bytes, kind: Literal["intent", "entry"] = "intent") -> int:
        """Write a frame, wait until it is durable, and return its number.

        Raises:
            SpoolUnavailableError: it did not become durable in time, or at all.
        """
        number = self.append(record, kind)
        await self.wait_until_durable(number)
        return number

    def append(self, record: bytes, kind: Literal["intent", "entry"]) -> int:
        """Write a frame and return its number; it outlives the process, and a power cut a moment later.

        Raises:
            SpoolUnavailableError: it could not be written.
        """
        number = self._append(_DURABLE[kind], self.ordinal, record)
        self.ordinal += 1
        return number

    def append_outcome(self, intent: int, record: bytes) -> int:
        """Write the outcome of the intent with number ``intent`` and return its own number.

        It outlives the process, not a power cut: that is what ``unknown`` is for.

        Raises:
            SpoolUnavailableError: it could not be written.
        """
        return self._append(FrameKind.OUTCOME, intent, record)

    async def append_outcome_durable(self, intent: int, record: bytes) -> int:
        """Write an outcome and wait until it is durable, for routes with strict evidence.

        Raises:
            SpoolUnavailableError: it did not become durable in time, or at all.
        """
        number = self._append(FrameKind.OUTCOME, intent, record)
        await self.wait_until_durable(number)
        return number

    async def close(self) -> None:
        """Wait for what is being synchronised, then end the producer's life. Closing twice is allowed."""
        if self.broken is None:
            with contextlib.suppress(SpoolUnavailableError):
                await self.wait_until_durable()
        self._thread.shutdown(wait=True)
        for descriptor in (*self._retired, self._descriptor, self._lock):
            if descriptor >= 0:
                os.close(descriptor)
        self._retired, self._descriptor, self._lock = [], -1, -1
        self.broken = "it is closed"

    def _append(self, kind: FrameKind, ordinal: int, record: bytes) -> int:
        if self.broken is not None:
            raise SpoolUnavailableError(f"The spool cannot be used: {self.broken}.")
        frame = encode_frame(Frame(kind, self._number, ordinal, record))
        if self._size >= self._rotate_bytes:
            self._rotate()
        try:
            self._write(frame)
        except OSError as error:
            self._cut_back()
            raise SpoolUnavailableError(f"The spool cannot be written: {error.strerror}.") from error
        self._size += len(frame)
        self._number += 1
        return self._number - 1

    def _write(self, frame: bytes) -> None:
        written = os.write(self._descriptor, frame)
        while written < len(frame):
            written += os.write(self._descriptor, frame[written:])

    def _cut_back(self) -> None:
        # Only a torn frame goes, which no reader has taken: whole frames stay where a cursor may point.
        try:
            os.ftruncate(self._descriptor, self._size)
        except OSError as error:
            self._break(f"a torn frame could not be removed ({error.strerror})")

    def _rotate(self) -> None:
        try:
            os.fdatasync(self._descriptor)
            descriptor = create_spool_file(self._directory, self.producer, self._file + 1)
        except OSError as error:
            # A reader may already see the next file and would miss frames added to this one.
            self._break(f"the next file could not be begun ({error.strerror})")
            raise SpoolUnavailableError(f"The spool cannot be used: {self.broken}.") from error
        self._retired.append(self._descriptor)  # a thread may be synchronising it now
        self._descriptor, self._file, self._size = descriptor, self._file + 1, 0

    async def wait_until_durable(self, number: int | None = None) -> None:
        """Return once everything written is durable; ``number`` is the frame an error names.

        Raises:
            SpoolUnavailableError: it did not become durable in time, or at all.
        """
        loop = asyncio.get_running_loop()
        told: asyncio.Future[None] = loop.create_future()
        self._waiters.append(_Waiter(loop.time() + SYNC_TIMEOUT_SECONDS, number, told))
        if self._syncing is None:
            self._syncing = loop.create_task(self._sync_while_waited_for())
        if self._alarm is None:
            self._set_alarm(loop.time() + SYNC_TIMEOUT_SECONDS)
        await told

    def _set_alarm(self, at: float) -> None:
        self._alarm = asyncio.get_running_loop().call_at(at, self._refuse_late, at)

    def _refuse_late(self, due: float) -> None:
        """Refuse those who have waited too long. One timer serves all: it is ``due`` for the oldest."""
        loop = asyncio.get_running_loop()
        if loop.time() - due > LISTEN_SECONDS:  # this process stood still: what the disk said is heard first
            self._set_alarm(loop.time() + LISTEN_SECONDS / 2)
            return
        left = []
        for waiter in (*self._waiting_now, *self._waiters):
            if waiter.told.done():
                continue
            if waiter.deadline > loop.time():
                left.append(waiter.deadline)
            else:
                late = SpoolUnavailableError("The spool's disk does not answer.", waiter.number)
                waiter.told.set_exception(late)
        self._alarm = None
        if left:
            self._set_alarm(min(left))

    async def _sync_while_waited_for(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while self._waiters and self.broken is None:
                self._waiting_now, self._waiters = self._waiters, []
                retired, self._retired = self._retired, []
                try:
                    await loop.run_in_executor(self._thread, os.fdatasync, self._descriptor)
                except OSError as error:
                    self._wait_again()
                    self._break(f"fdatasync failed ({error.strerror})")
                else:
                    self._tell_durable()
                for descriptor in retired:
                    os.close(descriptor)
        finally:
            self._wait_again()
            self._syncing = None

    def _tell_durable(self) -> None:
        waiters, self._waiting_now = self._waiting_now, []
        for waiter in waiters:
            if not waiter.told.done():
                waiter.told.set_result(None)

    def _wait_again(self) -> None:
        self._waiters, self._waiting_now = [*self._waiting_now, *self._waiters], []

    def _break(self, why: str) -> None:
        self.broken = why
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if not waiter.told.done():
                waiter.told.set_exception(SpoolUnavailableError(f"The spool cannot be used: {why}."))
