"""The log: entries get dense indexes, and the tree grows with them (audit.checkpoints.signing signs it).

Every append is one transaction with ``UPDATE log_head … WHERE size = :old AND epoch = :epoch`` in it: a
worker whose lease was taken over while it slept changes nothing.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from operator import attrgetter
from typing import Final, Protocol, TypeVar

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from audit.append_rows import rows_on
from audit.columns import Columns, join
from audit.database import for_writing
from audit.entry_rows import LOG_PRODUCER, Pending, place, skip_known
from audit.errors import AuditError
from audit.event import Event
from audit.events import Action
from audit.models import body, entry, log_head
from audit.placed import BODY_COLUMNS, ENTRY_COLUMNS, Placed
from audit.record import Record, seal
from audit.spool.progress import (
    CallKey,
    Cursor,
    OpenCall,
    load_cursors,
    load_open_calls,
)
from audit.subjects.keyring import MemoryKeyRing
from audit.tree.merkle import HASH_SIZE, Frontier
from audit.tree.tile_rows import grow_tiles

T = TypeVar("T")
NOTHING_FOLDED: Final = Columns()


class LogMissingError(AuditError):
    """The log was never created here."""


class LogExistsError(AuditError):
    """The log was already created here; it begins once."""


class LogFrozenError(AuditError):
    """The log was ended; ``index`` is its last entry, and a new log begins under another origin."""

    def __init__(self, index: int) -> None:
        super().__init__(
            f"The log was ended by its entry {index}: nothing is added any more. Begin a new one under "
            "another audit.origin with `guildhall audit succeed`."
        )
        self.index = index


class StaleEpochError(AuditError):
    """Another worker took the lease over; this one must end."""


class RepeatedIdError(AuditError):
    """An id is there already, and more was appended than can be looked through for it at once."""


class Stored(Protocol):
    """What is stored in the same transaction as the entries it belongs to, after them."""

    async def store(self, connection: AsyncConnection) -> None:
        """Store it."""
        ...


More = Callable[[], Awaitable[Columns | None]]


async def nothing_more() -> Columns | None:
    """Return None: nothing follows in the same transaction."""
    return None


@dataclass(frozen=True, slots=True)
class LogHead:
    """Where the log stands: its origin, the tree as far as it has grown, and the writer's epoch.

    ``frozen`` is the index of the entry that ended it, None while it grows.
    """

    origin: str
    frontier: Frontier
    epoch: int
    frozen: int | None = None


def genesis_record(*, profile: str, vkey: str, now: int, flags: Sequence[str] = ()) -> Record:
    """Return the record of a log's first entry, which names the profile and the verifier key for ever.

    Raises:
        EntryTooLargeError: the further flags are too long for one head.
    """
    flags = (f"profile:{profile}", f"vkey:{vkey}", *flags)
    return seal(Event(action=Action.LOG_GENESIS, actor=None, flags=flags), time=now, keys=MemoryKeyRing())


class Log:
    """The one writer's side of the log. Take the lease (audit.lease), then ``take_epoch``, then append."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._writing = for_writing(engine)
        self._epoch = 0

    @property
    def epoch(self) -> int:
        """The epoch this writer took; 0 before."""
        return self._epoch

    async def exists(self) -> bool:
        """Return whether the log was created."""
        async with self._engine.connect() as connection:
            return await connection.scalar(sa.select(log_head.c.size)) is not None

    async def create(self, origin: str, genesis: Record) -> None:
        """Create the log of ``origin`` (``host/log`` without spaces) with its first entry.

        Raises:
            LogExistsError: it was created before.
        """
        async with self._writing.begin() as connection:
            if await connection.scalar(sa.select(log_head.c.size)) is not None:
                raise LogExistsError("This log already began.")
            start = {"id": 1, "origin": origin, "size": 0, "frontier": b"", "epoch": self._epoch}
            await connection.execute(log_head.insert().values(**start))
            await self._append(connection, [Pending(genesis, LOG_PRODUCER)])

    async def take_epoch(self) -> int:
        """Begin a new epoch: whoever wrote before can write no more. Call it once the lease is held.

        Raises:
            LogMissingError: the log was never created.
        """
        async with self._writing.begin() as connection:
            await connection.execute(log_head.update().values(epoch=log_head.c.epoch + 1))
            self._epoch = (await read_head(connection)).epoch
        return self._epoch

    async def append(
        self,
        waiting: Sequence[Pending | Placed],
        progress: Stored | None = None,
        folded: Columns = NOTHING_FOLDED,
        more: More = nothing_more,
    ) -> range:
        """Log what is not yet logged, together with how far the spools were read; return the new indexes.

        What is ``folded`` is merged with what is ``waiting`` by time. What ``more`` returns, asked again and
        again until it is None, follows in the same transaction; ``progress`` is stored behind it.

        Raises:
            StaleEpochError: another worker writes now; nothing was changed.
            LogMissingError: the log was never created.
            LogFrozenError: the log was ended.
            RepeatedIdError: an id is there already, and ``more`` had returned something; nothing was changed.
        """
        followed = False

        async def ask_for_more() -> Columns | None:
            nonlocal followed
            found = await more()
            followed = followed or found is not None
            return found

        try:
            return await self._append_all(waiting, progress, folded, ask_for_more)
        except IntegrityError as error:
            if followed:  # the progress is already that of what followed
                raise RepeatedIdError("The log holds an id already that is to be appended.") from error
            # An id is there already, which is rare: only now is it worth asking for each.
            each = sorted([*waiting, *folded.entries()], key=attrgetter("time")) if folded.size else waiting
            return await self._append_unknown(each, progress)

    async def _append_all(
        self, waiting: Sequence[Pending | Placed], progress: Stored | None, folded: Columns, more: More
    ) -> range:
        async with self._writing.begin() as connection:
            return await self._append(connection, waiting, progress, folded, more)

    async def _append_unknown(self, waiting: Sequence[Pending | Placed], progress: Stored | None) -> range:
        async with self._writing.begin() as connection:
            await own_head(connection, self._epoch)
            return await self._append(connection, await skip_known(connection, waiting), progress)

    async def freeze(self, record: Record) -> int:
        """End the log with ``record``; return its index. Nothing can be appended after it.

        Raises:
            StaleEpochError: another worker writes now; nothing was changed.
            LogFrozenError: the log was ended before.
        """
        async with self._writing.begin() as connection:
            (index,) = await self._append(connection, [Pending(record, LOG_PRODUCER)])
            await connection.execute(log_head.update().values(frozen=index))
        return index

    async def ask(self, question: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        """Return the answer to a question that only reads."""
        async with self._engine.connect() as connection:
            return await question(connection)

    async def load_progress(self) -> tuple[dict[str, Cursor], dict[CallKey, OpenCall]]:
        """Return how far each spool was read, and the calls whose outcome was not."""
        async with self._engine.connect() as connection:
            return await load_cursors(connection), await load_open_calls(connection)

    async def _append(
        self,
        connection: AsyncConnection,
        waiting: Sequence[Pending | Placed],
        progress: Stored | None = None,
        folded: Columns = NOTHING_FOLDED,
        more: More = nothing_more,
    ) -> range:
        head = await own_head(connection, self._epoch)
        if head.frozen is not None:
            raise LogFrozenError(head.frozen)
        start = head.frontier.size
        placed = Columns.of(await place(connection, waiting))
        entries = join((placed, folded)).by_time() if folded.size else placed
        completed = await _insert(connection, entries, head.frontier)
        while (following := await more()) is not None:
            further = await _insert(connection, following, head.frontier)
            completed = [
                before + after for before, after in zip_longest(completed, further, fillvalue=list[bytes]())
            ]
        await self._advance(connection, start, head.frontier)
        await grow_tiles(connection, start, completed)
        if progress is not None:
            await progress.store(connection)
        return range(start, head.frontier.size)

    async def _advance(self, connection: AsyncConnection, size: int, frontier: Frontier) -> None:
        moved = log_head.update().where(log_head.c.size == size, log_head.c.epoch == self._epoch)
        grown = {"size": frontier.size, "frontier": b"".join(frontier.hashes)}
        if (await connection.execute(moved.values(**grown))).rowcount != 1:
            raise StaleEpochError("Another worker writes this log now.")


async def _insert(connection: AsyncConnection, entries: Columns, frontier: Frontier) -> list[list[bytes]]:
    """Put entries in behind the tree, which grows while the database is at the rows."""
    start, rows = frontier.size, await rows_on(connection)
    growing = asyncio.create_task(asyncio.to_thread(frontier.extend, entries.leaves))
    try:
        await rows.insert(entry, ENTRY_COLUMNS, entries.entry_values(start))
        await rows.insert(body, BODY_COLUMNS, entries.body_values(start))
    finally:
        completed = await growing
    return completed


async def own_head(connection: AsyncConnection, epoch: int) -> LogHead:
    """Return where the log stands, to the writer of ``epoch`` only.

    Raises:
        StaleEpochError: another worker writes now.
        LogMissingError: the log was never created.
    """
    head = await read_head(connection)
    if head.epoch != epoch:
        raise StaleEpochError("Another worker writes this log now.")
    return head


async def read_head(connection: AsyncConnection) -> LogHead:
    """Return where the log stands, its row locked for the rest of the transaction on PostgreSQL.

    Raises:
        LogMissingError: the log was never created.
    """
    row = (await connection.execute(sa.select(log_head).with_for_update())).mappings().one_or_none()
    if row is None:
        raise LogMissingError("This log was never created.")
    stored = bytes(row["frontier"])
    hashes = [stored[at : at + HASH_SIZE] for at in range(0, len(stored), HASH_SIZE)]
    return LogHead(row["origin"], Frontier(row["size"], hashes), row["epoch"], row["frozen"])
