"""What one transaction of the worker takes: a pass, and while more waits, what is read in the meantime.

What a transaction costs apart from its rows (the head, the tiles, the progress, a flush to the disk) is then
shared by many calls. In memory are the first chunk, the one that is stored and the one that is read.
"""

import asyncio
from collections.abc import Callable

from audit.columns import Columns, join
from audit.spool.drain import Batch, SpoolDrain
from audit.spool.reader import next_size

Clock = Callable[[], int]


class Flow:
    """Reads ahead, in a thread, while the database is at the rows of what was read before.

    Attributes:
        followed: how many entries followed the first batch in the same transaction.
    """

    def __init__(self, first: Batch, drain: SpoolDrain, clock: Clock, until: int) -> None:
        """Move on behind ``first``, and read ahead if a spool is behind; nothing is taken after ``until``.

        Times are in microseconds UTC. The progress of what follows is added to that of ``first``.
        """
        self.followed = 0
        self._progress = first.progress
        self._drain = drain
        self._clock = clock
        self._until = until
        self._ahead: asyncio.Task[Batch] | None = None
        self._move_on(first)

    async def more(self) -> Columns | None:
        """Return what else belongs to this transaction, None when it ends here."""
        if self._ahead is None or self._clock() >= self._until:
            return None
        batch = await self._ahead
        if not batch.may_follow():
            return None
        self._move_on(batch)
        self._progress.add(batch.progress)
        entries = join(batch.folded)
        self.followed += entries.size
        return entries

    async def end(self) -> Batch | None:
        """Return what was read and not taken, None when that is nothing."""
        batch = None if self._ahead is None else await self._ahead
        return None if batch is None or batch.is_empty() else batch

    def _move_on(self, batch: Batch) -> None:
        self._drain.move_on(batch)
        self._ahead = None
        if batch.behind:
            reading = asyncio.to_thread(self._read, next_size(batch.size))
            self._ahead = asyncio.create_task(reading)

    def _read(self, size: int) -> Batch:
        batch = self._drain.collect(self._clock(), size)
        batch.arrange()
        return batch
