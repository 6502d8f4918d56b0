"""What this gateway says it wrote down, by route: its side of the census."""

from collections import Counter
from collections.abc import Iterator
from uuid import UUID

from audit.checks.census import Census
from audit.record import Record
from audit.spool.writer import SpoolWriter
from console.clock import to_text
from console.denials.tally import MINUTE


class CallCount:
    """Calls and refusals that one life of the spool took since the last census, by route.

    A life that broke takes its count with it: nobody knows what of it can be read, so nothing is compared.
    """

    def __init__(self) -> None:
        """Begin with nothing counted."""
        self._writer: SpoolWriter | None = None
        self._start = 0
        self._minute: int | None = None
        self._admitted: Counter[UUID | None] = Counter()
        self._refused: Counter[UUID | None] = Counter()

    def add(self, writer: SpoolWriter, route: UUID | None, *, admitted: bool) -> None:
        """Count one record that `writer` has just written."""
        if writer is not self._writer:
            self._writer, self._start = writer, 0
            self._begin(0)
        (self._admitted if admitted else self._refused)[route] += 1

    def is_due(self, now: int) -> bool:
        """Say whether a minute has passed into another one (`now` in microseconds)."""
        before, self._minute = self._minute, now // MINUTE
        return before is not None and before != self._minute

    def take(self, now: int) -> Iterator[Record]:
        """Yield one record for each route that was called, and begin anew behind what was counted."""
        if self._writer is None or self._writer.broken is not None:
            return
        numbers, admitted, refused = range(self._start, self._writer.ordinal), self._admitted, self._refused
        self._begin(numbers.stop)
        for route in {**admitted, **refused}:
            census = Census(
                route=route,
                admitted=admitted[route],
                refused=refused[route],
                total=admitted.total() + refused.total(),
                numbers=numbers,
                until=f"until:{to_text(now)}",
            )
            yield census.to_record(now)

    def _begin(self, start: int) -> None:
        self._start, self._admitted, self._refused = start, Counter(), Counter()
