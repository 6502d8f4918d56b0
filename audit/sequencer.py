"""The one worker's loop: drains outbox and spools into the log, and signs what the log has become.

An entry is in the log a tenth of a second after it was written, under a signed checkpoint within a second.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from operator import attrgetter
from pathlib import Path
from typing import Final, Protocol
from uuid import UUID

from sqlalchemy.exc import DBAPIError
from sqlmodel.ext.asyncio.session import AsyncSession

from audit import outbox
from audit.checkpoints.signing import Checkpointer
from audit.checks.completeness import complete
from audit.columns import join
from audit.entry_rows import OUTBOX_PRODUCER, Pending
from audit.errors import RecordError
from audit.flow import Flow
from audit.lease import Lease
from audit.log import Log, RepeatedIdError
from audit.placed import Placed
from audit.record import Record
from audit.spool.drain import Batch, SpoolDrain
from audit.spool.fold_process import FoldingProcess
from audit.spool.reader import FIRST_BYTES
from audit.waiting import rest

OUTBOX_AT_ONCE: Final = 1_000
POLL_SECONDS: Final = 0.1
SIGN_EVERY_MICROSECONDS: Final = 400_000

logger = logging.getLogger(__name__)


class MainSessions(Protocol):
    """Opens sessions on the main database."""

    def read(self) -> AbstractAsyncContextManager[AsyncSession]:
        """Open a session that changes nothing."""
        ...

    def write(self) -> AbstractAsyncContextManager[AsyncSession]:
        """Open a session whose work is committed when it closes without an error."""
        ...


@asynccontextmanager
async def hold_log(lease: Lease, log: Log) -> AsyncIterator[int]:
    """Hold the lease and a new epoch of the log; yields the epoch.

    Raises:
        LeaseTakenError: another worker writes this log.
        LogMissingError: the log was never created.
    """
    await lease.take()
    try:
        yield await log.take_epoch()
    finally:
        await lease.release()


class Sequencer:
    """Moves what waits into the log; to be run while the log is held (``hold_log``), by nobody else.

    Attributes:
        trouble: what keeps something from being logged, as one sentence; None while all is well.
    """

    def __init__(
        self,
        sessions: MainSessions,
        log: Log,
        spool_directory: Path,
        checkpointer: Checkpointer,
        clock: Callable[[], int],
        *,
        sign_every: int = SIGN_EVERY_MICROSECONDS,
    ) -> None:
        """``clock`` tells microseconds UTC; ``sign_every`` is the least time between two checkpoints."""
        self.trouble: str | None = None
        self._sessions = sessions
        self._log = log
        self._directory = spool_directory
        self._checkpointer = checkpointer
        self._clock = clock
        self._sign_every = sign_every
        self._signed_at: int | None = None
        self._unsigned = True  # a worker that died may have left entries unsigned
        self._folding = FoldingProcess()
        self._drain: SpoolDrain | None = None
        self._ahead: Batch | None = None
        self._unreadable: str | None = None

    async def run(self, stop: asyncio.Event) -> None:
        """Work until ``stop`` is set, then once more so that nothing is left; outages are waited out.

        Raises:
            StaleEpochError: another worker took over.
            ForkRefusedError: the log is not the one that was signed.
        """
        with contextlib.closing(self):
            while not stop.is_set():
                if not await self._try_once():
                    await rest(stop, POLL_SECONDS)
            self._signed_at = None
            await self._try_once()

    @property
    def folds_in(self) -> int | None:
        """The id of the process that folds calls for this worker, None while nothing is behind."""
        return self._folding.pid

    def close(self) -> None:
        """End the process that folds for this worker."""
        self._folding.close()

    async def run_once(self) -> int:
        """Drain one batch of each source, sign when it is time; return how much moved, 0 when nothing waits.

        Raises:
            StaleEpochError: another worker took over; nothing was changed.
            ForkRefusedError: the log is not the one that was signed.
        """
        try:
            return await self._run_pass(self._clock() + self._sign_every)
        except RepeatedIdError:
            self._ahead = None  # read again, and logged a chunk at a time
            return await self._run_pass(0)

    async def _run_pass(self, until: int) -> int:
        drain = self._drain or await self._load_drain()
        self._drain = None  # until this pass is stored, memory may be ahead of the database
        waiting, sealed = await self._take_outbox()
        batch, self._ahead = self._ahead or await self._collect(drain), None
        if batch.censuses or batch.ended:
            await self._log.ask(partial(complete, batch=batch, calls=drain.calls))
        pending = sorted([*waiting, *batch.pending], key=attrgetter("time"))
        moved = len(pending) + sum(one.size for one in batch.folded)
        if pending or not batch.is_empty():
            moved += await self._store(drain, batch, pending, until)
        self._drain = drain
        await self._clear_outbox(sealed)
        if self._unsigned and self._is_time_to_sign():
            await self.sign()
        return max(moved, not batch.is_empty())

    async def _collect(self, drain: SpoolDrain) -> Batch:
        return await asyncio.to_thread(drain.collect, self._clock(), FIRST_BYTES)

    async def _store(
        self, drain: SpoolDrain, batch: Batch, pending: Sequence[Pending | Placed], until: int
    ) -> int:
        """Log one pass, and up to the time ``until`` what is found meanwhile; return how many followed it."""
        if batch.behind:
            self._folding.start()
        flow = Flow(batch, drain, self._clock, until)
        try:
            logged = await self._log.append(pending, batch.progress, join(batch.folded), flow.more)
            self._unsigned = self._unsigned or bool(logged)
        finally:
            following = await flow.end()
        drain.settle(batch)
        self._ahead = following
        return flow.followed

    async def sign(self) -> None:
        """Sign the log as it stands now.

        Raises:
            ForkRefusedError: the log is not the one that was signed.
        """
        self._signed_at = self._clock()
        self._unsigned = self._checkpointer.trouble is not None
        try:
            await self._checkpointer.sign(self._signed_at)
        except BaseException:
            self._unsigned = True
            raise

    def expect_growth(self) -> None:
        """Say that something else appended to the log: it is signed when it is time."""
        self._unsigned = True

    async def _try_once(self) -> int | None:
        try:
            moved = await self.run_once()
        except (DBAPIError, OSError) as error:
            self._drain = self._ahead = None
            self.trouble = f"The log cannot be written: {type(error).__name__}."
            logger.exception("The log cannot be written")
            return None
        self.trouble = self._unreadable or self._checkpointer.trouble
        return moved

    async def _load_drain(self) -> SpoolDrain:
        return SpoolDrain(self._directory, *await self._log.load_progress(), self._folding.fold)

    async def _take_outbox(self) -> tuple[list[Pending], list[UUID]]:
        async with self._sessions.read() as session:
            rows = await outbox.take(session, OUTBOX_AT_ONCE)
        self._unreadable = None
        pending = [one for one in (self._read_row(*row) for row in rows) if one is not None]
        return pending, [one.event_id for one in pending]

    def _read_row(self, event_id: UUID, data: bytes) -> Pending | None:
        try:
            pending = Pending(Record.from_bytes(data), OUTBOX_PRODUCER)
            if pending.event_id == event_id:
                return pending
        except RecordError:
            logger.exception("The outbox row %s cannot be read", event_id)
        # It stays where it is, for a person to look into: nothing unlogged is ever deleted.
        self._unreadable = f"The outbox row {event_id} is not the record it was written as."
        return None

    async def _clear_outbox(self, event_ids: Sequence[UUID]) -> None:
        if event_ids:
            async with self._sessions.write() as session:
                await outbox.delete(session, event_ids)

    def _is_time_to_sign(self) -> bool:
        # A clock that was set back must not keep the log unsigned until it has caught up.
        return self._signed_at is None or abs(self._clock() - self._signed_at) >= self._sign_every
