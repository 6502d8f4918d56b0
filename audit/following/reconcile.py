"""Exact counts, log against sink: which entries a sink lacks, and what it has too much.

Counts and indexes are compared, not contents: audit.following.deep looks at every document.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncEngine

from audit.sinks.cursor import read_signed_size
from audit.sinks.port import Countable

BUCKET = 1_000


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """What was found.

    Attributes:
        total_log: entries in the signed log.
        total_sink: documents of this log in the sink, those of entries signed meanwhile left out.
        missing: ranges the sink lacks, first index to last, both included.
        extra: documents too many: repeated, or beyond the end of the log.
    """

    total_log: int
    total_sink: int
    missing: tuple[tuple[int, int], ...]
    extra: int

    @property
    def exact(self) -> bool:
        """Whether the sink holds every entry once, and nothing else."""
        return not self.missing and self.extra == 0

    @property
    def lacking(self) -> int:
        """How many entries the sink lacks."""
        return sum(last - first + 1 for first, last in self.missing)


async def reconcile(engine: AsyncEngine, sink: Countable, size: int | None = None) -> Reconciliation:
    """Compare the first ``size`` entries of the signed log, by default all, with what ``sink`` holds.

    Raises:
        SinkError: the sink cannot be counted now.
    """
    size = await read_signed_size(engine) if size is None else size
    census = await sink.count(size, BUCKET)
    newer = await _count_newer(engine, sink, size) if census.beyond else 0
    lacking: list[int] = []
    extra = max(0, census.beyond - newer)
    for first in range(0, size, BUCKET):
        last = min(first + BUCKET, size)
        if census.buckets.get(first, 0) != last - first:
            held = Counter(await sink.indexes(first, last))
            lacking += [index for index in range(first, last) if not held[index]]
            extra += sum(times - 1 for times in held.values())
    total = sum(census.buckets.values()) + census.beyond - newer
    return Reconciliation(size, total, join_ranges(lacking), extra)


async def _count_newer(engine: AsyncEngine, sink: Countable, size: int) -> int:
    """Return how many entries the sink holds that were signed and shipped since the log had ``size``."""
    grown = await read_signed_size(engine)
    found: set[int] = set()
    for first in range(size, grown, BUCKET):
        found.update(await sink.indexes(first, min(first + BUCKET, grown)))
    return len(found)


def join_ranges(indexes: Sequence[int]) -> tuple[tuple[int, int], ...]:
    """Return rising ``indexes`` as ranges, both ends included."""
    ranges: list[tuple[int, int]] = []
    for index in indexes:
        if ranges and ranges[-1][1] == index - 1:
            ranges[-1] = (ranges[-1][0], index)
        else:
            ranges.append((index, index))
    return tuple(ranges)
