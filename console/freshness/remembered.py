"""Values that are remembered until something moves that they depend on.

The port for caches of this product: `Entry` says what a value depends on and until when it may be used at
all, `Remembered.get` reads it once for all who ask at the same time. What cannot be relied on is read anew.
"""

import asyncio
from collections import OrderedDict, defaultdict
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from console.clock import MICROSECONDS, Clock
from console.freshness.feed import Feed
from console.freshness.moves import Move, Moves

T = TypeVar("T")

LONGEST: Final = 60 * MICROSECONDS
"""Nothing is remembered for longer, so that a fault of ours could not last."""
CLOCK_SKEW: Final = 30 * MICROSECONDS
SIZE: Final = 20_000


@dataclass(frozen=True, slots=True)
class Entry(Generic[T]):
    """A value, what it depends on, and the time (microseconds) at which it ends by itself."""

    value: T
    depends: frozenset[Move]
    ends: int


@dataclass(frozen=True, slots=True)
class _Kept(Generic[T]):
    entry: Entry[T]
    since: int
    until: int


class Remembered(Generic[T]):
    """At most `size` values; the one used longest ago goes first."""

    def __init__(self, feed: Feed, clock: Clock, size: int = SIZE) -> None:
        """Forget what `feed` says has moved."""
        self._feed = feed
        self._clock = clock
        self._size = size
        self._kept: OrderedDict[Hashable, _Kept[T]] = OrderedDict()
        self._dependents: defaultdict[Move, set[Hashable]] = defaultdict(set)
        self._reading: dict[Hashable, _Reading[T]] = {}
        self._under_way: set[_Reading[T]] = set()
        feed.subscribe(self._forget)

    def __len__(self) -> int:
        return len(self._kept)

    async def get(self, key: Hashable, read: Callable[[], Awaitable[Entry[T]]]) -> T:
        """Return the value of `key`: the one remembered, or what `read` returns.

        What `read` raises is raised to everybody who waits for it, and nothing is remembered.
        """
        if not self._feed.reliable and not await self._feed.catch_up():
            return (await read()).value
        now, kept = self._clock(), self._kept.get(key)
        if kept is not None and kept.since - CLOCK_SKEW <= now < kept.until:
            self._kept.move_to_end(key)
            return kept.entry.value
        return await self._read_once(key, read)

    async def _read_once(self, key: Hashable, read: Callable[[], Awaitable[Entry[T]]]) -> T:
        reading = self._reading.get(key)
        if reading is None:
            reading = self._reading[key] = _Reading(asyncio.ensure_future(read()))
            self._under_way.add(reading)
            reading.task.add_done_callback(lambda _: self._conclude(key, reading))
        # One who leaves does not take the answer from the others.
        return (await asyncio.shield(reading.task)).value

    def _conclude(self, key: Hashable, reading: "_Reading[T]") -> None:
        self._under_way.discard(reading)
        if self._reading.get(key) is reading:
            del self._reading[key]
        if reading.task.cancelled() or reading.task.exception() is not None:
            return
        entry = reading.task.result()
        # What moved while it was read may be missing in it.
        if self._feed.reliable and not any(moves.touch(entry.depends) for moves in reading.moved):
            self._keep(key, entry)

    def _keep(self, key: Hashable, entry: Entry[T]) -> None:
        self._drop(key)
        now = self._clock()
        self._kept[key] = _Kept(entry, now, min(entry.ends, now + LONGEST))
        for move in entry.depends:
            self._dependents[move].add(key)
        while len(self._kept) > self._size:
            self._drop(next(iter(self._kept)))

    def _forget(self, moves: Moves) -> None:
        for reading in self._under_way:
            reading.moved.append(moves)
        self._reading.clear()  # who asks from now on must not be given what was read before
        if moves.everything:
            self._kept.clear()
            self._dependents.clear()
            return
        for move in moves.told:
            for key in tuple(self._dependents.get(move, ())):
                self._drop(key)

    def _drop(self, key: Hashable) -> None:
        kept = self._kept.pop(key, None)
        for move in kept.entry.depends if kept else ():
            dependents = self._dependents[move]
            dependents.discard(key)
            if not dependents:
                del self._dependents[move]


class _Reading(Generic[T]):
    """A value on its way, and what has moved since it was asked for."""

    def __init__(self, task: "asyncio.Future[Entry[T]]") -> None:
        self.task = task
        self.moved: list[Moves] = []
