"""The worker's pass over all spools: frames become records for the log, and nothing is read twice or lost.

A pass is collected, logged in one transaction with its progress, and only then settled: finished files are
deleted. The next pass may be collected meanwhile, in a thread, once the drain has moved on in memory. When
the transaction fails, the drain is made anew from the database, and what was collected ahead is forgotten.
"""

import contextlib
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final

from audit.checks.census import is_census
from audit.columns import Columns, join
from audit.entry_rows import LOG_PRODUCER, Pending
from audit.errors import AuditError, RecordError
from audit.event import Event, Outcome
from audit.events import Action
from audit.fold import announce_call, close_call, is_call, is_overdue, lose_call
from audit.placed import Placed, place_call
from audit.record import Record, seal
from audit.spool.clocks import Clocks
from audit.spool.files import mark_damaged
from audit.spool.folding import FoldChunk, fold_chunk
from audit.spool.frame import Frame, FrameKind, SpoolCorruptError
from audit.spool.progress import CallKey, Cursor, OpenCall, Progress
from audit.spool.reader import (
    CHUNK_BYTES,
    list_producers,
    lock_path,
    producer_is_gone,
    remove_before,
    retire,
)
from audit.subjects.keyring import MemoryKeyRing

CENSUS_UNKNOWN: Final = "census_unknown"
SPOOL_MISSING: Final = "spool_missing"
MISSING_MICROSECONDS: Final = 60_000_000

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Batch:
    """What one pass found at ``now``: records for the log, and the progress to store with them.

    Attributes:
        size: how many bytes of each spool it took at most.
        folded: entries for the log that came as columns.
        behind: a spool holds more than one pass takes.
        censuses: producer, ordinal and record of the censuses read: they are answered before they are logged.
        ended: producers read to their end that left no open call; audit.checks.completeness judges how.
    """

    now: int
    size: int = CHUNK_BYTES
    behind: bool = False
    pending: list[Pending | Placed] = field(default_factory=list)
    folded: list[Columns] = field(default_factory=list)
    progress: Progress = field(default_factory=Progress)
    censuses: list[tuple[str, int, bytes]] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)

    def is_empty(self) -> bool:
        """Return whether there is nothing to store."""
        return not self.pending and not self.folded and self.progress.is_empty()

    def arrange(self) -> None:
        """Turn its entries into columns in the order of their times, if each lacks only its index."""
        placed = [one for one in self.pending if isinstance(one, Placed)]
        if len(placed) == len(self.pending):
            ordered = join((Columns.of(placed), *self.folded)).by_time()
            self.pending, self.folded = [], [ordered] if ordered.size else []

    def may_follow(self) -> bool:
        """Return whether it is entries and progress alone, so that the log need not be asked about any."""
        return bool(self.folded) and not (self.pending or self.censuses or self.ended)

    def add(self, record: Record, producer: str, ordinal: int | None) -> None:
        """Take a record for the log."""
        self.pending.append(Pending(record, producer, ordinal))

    def add_made(self, make: Callable[[], Record], producer: str, ordinal: int) -> None:
        """Take the record that ``make`` returns, or in its place the report that it cannot be read."""
        try:
            self.add(make(), producer, ordinal)
        except AuditError:
            self.add(self._tell_loss(producer, f"unreadable_record:{ordinal}"), producer, ordinal)

    def report(self, producer: str, *reasons: str) -> None:
        """Take an entry of the log's own which says that something of ``producer`` is lost."""
        self.add(self._tell_loss(producer, *reasons), LOG_PRODUCER, None)

    def _tell_loss(self, producer: str, *reasons: str) -> Record:
        logger.error("Spool of %s: %s", producer, ", ".join(reasons))
        lost = Event(
            action=Action.PRODUCER_LOST,
            actor=None,
            outcome=Outcome.UNKNOWN,
            reasons=reasons,
            flags=(f"producer:{producer}",),
        )
        return seal(lost, time=self.now, keys=MemoryKeyRing())


class SpoolDrain:
    """Reads every spool in ``directory`` from where the log's database says it was read."""

    def __init__(
        self,
        directory: Path,
        cursors: Mapping[str, Cursor],
        calls: Mapping[CallKey, OpenCall],
        fold: FoldChunk = fold_chunk,
    ) -> None:
        self._directory = directory
        self._fold_chunk = fold
        self._cursors = dict(cursors)
        self._calls = dict(calls)
        self._clocks = Clocks()
        self._missing: dict[str, int] = {}
        self._ended = {producer for producer, cursor in cursors.items() if cursor.closed}

    @property
    def calls(self) -> Mapping[CallKey, OpenCall]:
        """The calls that were open when the last pass was settled."""
        return self._calls

    def collect(self, now: int, size: int = CHUNK_BYTES) -> Batch:
        """Read at most one chunk, of ``size`` bytes, of each spool, and see which calls are open too long."""
        batch = Batch(now, size)
        for producer in self._sort_out():
            self._read(producer, size, batch)
        for key, call in self._calls.items():
            if not call.announced and key not in batch.progress.closed and is_overdue(call.opened, now):
                self._announce(key, call, batch)
        return batch

    def move_on(self, batch: Batch) -> None:
        """Stand behind ``batch``, which is about to be stored."""
        progress = batch.progress
        for key in progress.closed:
            del self._calls[key]
        self._calls |= progress.opened
        for key in progress.announced:
            self._calls[key] = self._calls[key]._replace(announced=True)
        self._cursors |= progress.cursors

    def settle(self, batch: Batch) -> None:
        """Take the batch as stored: delete files whose every frame is in the log."""
        for producer, cursor in batch.progress.cursors.items():
            remove_before(self._directory, producer, cursor.at)
            if cursor.closed:
                self._ended.add(producer)

    def _sort_out(self) -> list[str]:
        """Return the producers to read, and put away the files of those that are read to their end."""
        to_read = {producer for producer, cursor in self._cursors.items() if not cursor.closed}
        for producer in list_producers(self._directory):
            if producer in self._ended:
                retire(self._directory, producer, self._cursors[producer].at)
            elif producer not in self._cursors:
                to_read.add(producer)
        return sorted(to_read)

    def _read(self, producer: str, size: int, batch: Batch) -> None:
        cursor = self._cursors.get(producer, Cursor())
        # Asked before the read: what a producer wrote before it went is then seen.
        gone = producer_is_gone(lock_path(self._directory, producer))
        try:
            chunk = self._fold_chunk(self._directory, producer, cursor.at, size)
        except SpoolCorruptError as error:
            if not gone:  # it would go on writing what nobody can read
                mark_damaged(self._directory, producer)
            batch.report(producer, f"spool_corrupt:{error.offset}")
            self._close(producer, cursor, batch)
            return
        skew = self._clocks.check(producer, chunk.said, batch.now, is_end=chunk.frames == 0)
        if skew is not None:
            batch.add(skew, LOG_PRODUCER, None)
        if chunk.placed.size:
            batch.folded.append(chunk.placed)
        for frame in chunk.rest:
            self._take(producer, frame, batch)
        more = chunk.at.file > cursor.at.file or chunk.at.offset - cursor.at.offset > size // 2
        batch.behind = batch.behind or more
        if chunk.at != cursor.at:
            batch.progress.cursors[producer] = Cursor(chunk.at)
        elif gone and not self._may_return(producer, batch.now):
            self._end(producer, cursor, batch)

    def _may_return(self, producer: str, now: int) -> bool:
        """Say whether files are missing, and not for long: a folder may be away for a moment."""
        if lock_path(self._directory, producer).exists():
            return False
        since = self._missing.setdefault(producer, now)
        return 0 <= now - since < MISSING_MICROSECONDS

    def _end(self, producer: str, cursor: Cursor, batch: Batch) -> None:
        missing = self._missing.pop(producer, None) is not None
        self._clocks.forget(producer)
        if self._close(producer, cursor, batch):
            return
        if missing:
            batch.report(producer, SPOOL_MISSING)
        else:
            batch.ended.append(producer)

    def _take(self, producer: str, frame: Frame, batch: Batch) -> None:
        if frame.kind is FrameKind.INTENT:
            call = OpenCall(frame.ordinal, frame.record, batch.now)
            batch.progress.opened[CallKey(producer, frame.number)] = call
        elif frame.kind is FrameKind.OUTCOME:
            self._fold(CallKey(producer, frame.ordinal), frame.record, batch)
        elif is_census(frame.record):
            batch.censuses.append((producer, frame.ordinal, frame.record))
        else:
            batch.add_made(partial(Record.from_bytes, frame.record), producer, frame.ordinal)

    def _fold(self, key: CallKey, outcome: bytes, batch: Batch) -> None:
        call = batch.progress.opened.pop(key, None)
        if call is None:
            call = None if key in batch.progress.closed else self._calls.get(key)
            if call is None:
                logger.warning("Spool of %s: outcome without an open call %d", key.producer, key.number)
                return
            batch.progress.closed.add(key)
        placed = place_call(call.record, outcome, key.producer, call.ordinal)
        if placed is not None:
            batch.pending.append(placed)
        else:
            batch.add_made(partial(_finish, call.record, outcome), key.producer, call.ordinal)

    def _close(self, producer: str, cursor: Cursor, batch: Batch) -> int:
        """Close the producer, and return how many of its calls were open."""
        batch.progress.cursors[producer] = Cursor(cursor.at, closed=True)
        orphans = {key: call for key, call in self._calls.items() if key.producer == producer}
        for key, call in orphans.items():
            batch.progress.closed.add(key)
            batch.add_made(partial(_lose, call.record), producer, call.ordinal)
        if orphans:
            batch.report(producer, f"open_calls:{len(orphans)}")
        return len(orphans)

    def _announce(self, key: CallKey, call: OpenCall, batch: Batch) -> None:
        batch.progress.announced.add(key)
        with contextlib.suppress(RecordError):  # an unreadable intent is reported when its call ends
            intent = Record.from_bytes(call.record)
            if is_call(intent):
                batch.add(announce_call(intent, batch.now), LOG_PRODUCER, None)


def _finish(intent: bytes, outcome: bytes) -> Record:
    return close_call(Record.from_bytes(intent), outcome)


def _lose(intent: bytes) -> Record:
    return lose_call(Record.from_bytes(intent))
