"""The comparison that looks at every document.

The signed root is rebuilt from a sink's copies alone, and each document is derived again from its original.

It streams: a page of copies, the leaf hashes of the log under it, and lists of bounded length are in memory.
Source of the tree: RFC 6962 section 2.1.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol, runtime_checkable

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from audit.checkpoints.checkpoint import Checkpoint
from audit.following.matching import Matching, Named
from audit.models import entry
from audit.sinks.copies import BEHIND, Copy
from audit.sinks.cursor import read_signed_size
from audit.sinks.told import Told

Reading = Callable[[Sequence[int]], Awaitable[Mapping[int, Told]]]
"""Returns what may be told of the entries at these indexes, as far as their details can be opened."""

NAMED: Final = 100
"""How many of each kind are named; all are counted."""


@runtime_checkable
class Readable(Protocol):
    """A sink whose every document can be read."""

    @property
    def name(self) -> str:
        """The key of its cursor."""

    def copies(self) -> AsyncIterator[Sequence[Copy]]:
        """Yield every document of the log, by the index it states, some at a time.

        Raises:
            SinkError: the sink cannot be read now.
        """


@dataclass(frozen=True, slots=True)
class DeepReconciliation:
    """What was found.

    Attributes:
        size: entries of the checkpoint that was compared with.
        total_sink: documents looked at, those of later entries left out.
        apart: documents among them that hold the original only.
        root: whether the root over the copies is the signed one.
        changed: indexes whose document is not the log's entry, or not what is derived from its original.
        missing: ranges the sink lacks, first index to last, both included.
        added: what the sink calls the documents that are no entry's, or an entry's second.
    """

    size: int
    total_sink: int
    apart: int
    root: bool
    changed: Named[int]
    missing: Named[tuple[int, int]]
    added: Named[str]

    @property
    def exact(self) -> bool:
        """Whether the sink holds every entry as it was written, once, and nothing else."""
        return self.root and not (self.changed.count or self.missing.count or self.added.count)


async def reconcile_deep(
    engine: AsyncEngine, sink: Readable, checkpoint: Checkpoint, reading: Reading | None = None
) -> DeepReconciliation:
    """Compare every document of ``sink`` with the log up to a checkpoint whose signature was verified.

    ``reading`` opens the details of entries, for a sink that was ever let have them: a document is whole
    with exactly what may be told of its entry now, or with none of it.

    Raises:
        SinkError: the sink cannot be read now.
    """
    matching = Matching(checkpoint, NAMED)
    async for copies in sink.copies():
        # Read after the copies were: whatever they hold of the log is known by then.
        matching.end = await read_signed_size(engine)
        leaves = await _read_leaves(engine, copies, checkpoint.size)
        told = await reading([copy.index for copy in copies if copy.index in leaves]) if reading else {}
        for copy in copies:
            matching.take(copy, leaves.get(copy.index), told.get(copy.index))
    root = matching.finish()
    found = matching.found
    return DeepReconciliation(
        size=checkpoint.size,
        total_sink=found.copies,
        apart=found.apart,
        root=root,
        changed=found.changed,
        missing=found.missing,
        added=found.added,
    )


async def _read_leaves(engine: AsyncEngine, copies: Sequence[Copy], size: int) -> Mapping[int, bytes]:
    """Return the log's leaf hashes of the entries that ``copies`` are of."""
    known = [copy.index for copy in copies if copy.index < min(size, BEHIND)]
    if not known:
        return {}
    columns = entry.c
    wanted = sa.select(columns.index, columns.leaf).where(
        columns.index >= min(known), columns.index <= max(known)
    )
    if max(known) - min(known) > 2 * len(known):
        wanted = sa.select(columns.index, columns.leaf).where(columns.index.in_(known))
    async with engine.connect() as connection:
        return {index: bytes(leaf) for index, leaf in await connection.execute(wanted)}
