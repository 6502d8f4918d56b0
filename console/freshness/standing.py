"""An answer that is still going out stands on a right: it is broken off soon after that right has ended.

Whatever it rests on is asked again when it moves, when the decision says that it ends, and when nobody can
tell what moved. Undecided for two seconds is denied.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy.exc import DBAPIError

from console.clock import MICROSECONDS, Clock
from console.errors import ConsoleError
from console.freshness.feed import Feed
from console.freshness.moves import Move, Moves

REVOKED: Final = "revoked"
UNDECIDED_SECONDS: Final = 2.0
PAUSE_SECONDS: Final = 0.2


class NoLongerAllowedError(Exception):
    """The right to an answer ended while it went out; `reasons` begin with `revoked`."""

    def __init__(self, reasons: Sequence[str]) -> None:
        """Say why."""
        super().__init__(REVOKED)
        self.reasons = (REVOKED, *reasons)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is decided on a right now: why it has ended (empty while it holds), and when it will (seconds)."""

    reasons: tuple[str, ...] = ()
    valid_until: int | None = None
    decided: bool = True


@dataclass(frozen=True, slots=True)
class Right:
    """What an open answer rests on since `mark`, and how to ask whether it still does."""

    depends: frozenset[Move]
    mark: int
    ask: Callable[[], Awaitable[Verdict]]
    valid_until: int | None = None


@contextlib.asynccontextmanager
async def while_allowed(feed: Feed, clock: Clock, right: Right) -> AsyncIterator[None]:
    """Break off what is inside once `right` has ended.

    Raises:
        NoLongerAllowedError: it has.
    """
    working = asyncio.current_task()
    standing = _Standing(feed, clock, right, working)
    feed.subscribe(standing.hear)
    standing.hear(feed.since(right.mark))
    try:
        yield
    except asyncio.CancelledError:
        if standing.ended is not None and working is not None and not working.uncancel():
            raise NoLongerAllowedError(standing.ended) from None
        raise
    finally:
        feed.unsubscribe(standing.hear)
        standing.close()


class _Standing:
    """One open answer."""

    def __init__(
        self, feed: Feed, clock: Clock, right: Right, working: "asyncio.Task[object] | None"
    ) -> None:
        self.ended: tuple[str, ...] | None = None
        self._feed = feed
        self._clock = clock
        self._right = right
        self._working = working
        self._moved = False
        self._asking: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._wait_for_end(right.valid_until)

    def hear(self, moves: Moves) -> None:
        """Ask again when anything moved that the right depends on."""
        if moves.touch(self._right.depends):
            self._look_again()

    def close(self) -> None:
        """Ask no more."""
        for pending in (self._asking, self._timer):
            if pending is not None:
                pending.cancel()

    def _look_again(self) -> None:
        self._moved = True
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._ask())

    async def _ask(self) -> None:
        while self._moved and self.ended is None:
            self._moved = False
            verdict = await decided(self._right.ask, self._feed.deciding)
            if verdict.reasons:
                self._end(verdict.reasons)
            else:
                self._wait_for_end(verdict.valid_until)

    def _end(self, reasons: tuple[str, ...]) -> None:
        self.ended = reasons
        if self._working is not None:
            self._working.cancel()

    def _wait_for_end(self, valid_until: int | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if valid_until is not None:
            left = max(0.0, valid_until - self._clock() / MICROSECONDS)
            self._timer = asyncio.get_running_loop().call_later(left, self._look_again)


async def decided(ask: Callable[[], Awaitable[Verdict]], turn: asyncio.Semaphore) -> Verdict:
    """Ask until there is a decision; two seconds without one are a denial."""
    verdict = Verdict(("facts_unavailable",), decided=False)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(UNDECIDED_SECONDS):
            while not verdict.decided:
                try:
                    async with turn:
                        verdict = await ask()
                except (DBAPIError, ConsoleError):
                    verdict = Verdict(("facts_unavailable",), decided=False)
                if not verdict.decided:
                    await asyncio.sleep(PAUSE_SECONDS)
    return verdict
