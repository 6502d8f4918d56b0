"""A value is remembered until it ends, until something moves that it depends on, or while nobody can tell."""

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass, field

import pytest

from console.database import Database
from console.freshness.feed import Feed
from console.freshness.moves import ANY, EVERYTHING, Move, Moves
from console.freshness.remembered import LONGEST, Entry, Remembered
from tests.console.conftest import START, MovingClock

ANN, BOB = Move("person", "ann"), Move("person", "bob")
FAR = START + 10 * LONGEST


class TellingFeed(Feed):
    """A feed that tells what a test says, and is as reliable as a test says."""

    def __init__(self) -> None:
        super().__init__(Database("sqlite+aiosqlite://"))
        self.can_tell = True

    @property
    def reliable(self) -> bool:
        return self.can_tell

    async def catch_up(self) -> bool:
        return self.can_tell

    def tell(self, *moves: Move) -> None:
        self._tell(Moves(frozenset({*moves, *(Move(move.kind, ANY) for move in moves)})))

    def tell_everything(self) -> None:
        self._tell(EVERYTHING)


@dataclass
class Source:
    """What is read, how often, and when it may be answered."""

    depends: frozenset[Move] = frozenset({ANN})
    ends: int = FAR
    reads: int = 0
    gate: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.gate.set()

    async def __call__(self) -> Entry[int]:
        self.reads += 1
        number = self.reads
        await self.gate.wait()
        return Entry(number, self.depends, self.ends)


@pytest.fixture
def feed() -> TellingFeed:
    return TellingFeed()


@pytest.fixture
def clock() -> MovingClock:
    return MovingClock()


@pytest.fixture
def known(feed: TellingFeed, clock: MovingClock) -> Remembered[int]:
    return Remembered(feed, clock, size=2)


async def test_it_is_read_once(known: Remembered[int]) -> None:
    source = Source()
    assert [await known.get("ann", source) for _ in range(3)] == [1, 1, 1]


async def test_it_is_read_again_when_what_it_depends_on_moves(
    known: Remembered[int], feed: TellingFeed
) -> None:
    source = Source()
    await known.get("ann", source)
    feed.tell(BOB)
    assert await known.get("ann", source) == 1
    feed.tell(ANN)
    assert await known.get("ann", source) == 2


async def test_one_of_a_kind_moves_what_depends_on_any_of_it(
    known: Remembered[int], feed: TellingFeed
) -> None:
    source = Source(depends=frozenset({Move("person", ANY)}))
    await known.get("ann", source)
    feed.tell(BOB)
    assert await known.get("ann", source) == 2


async def test_everything_forgets_everything(known: Remembered[int], feed: TellingFeed) -> None:
    await known.get("ann", Source())
    feed.tell_everything()
    assert len(known) == 0


@pytest.mark.parametrize("seconds", [60, -31])
async def test_it_ends_after_a_minute_and_when_the_clock_moves_back(
    known: Remembered[int], clock: MovingClock, seconds: int
) -> None:
    source = Source()
    await known.get("ann", source)
    clock.forward(seconds)
    assert await known.get("ann", source) == 2


async def test_it_ends_when_its_proof_does(known: Remembered[int], clock: MovingClock) -> None:
    source = Source(ends=START + 2_000_000)
    await known.get("ann", source)
    clock.forward(2)
    assert await known.get("ann", source) == 2


async def test_nothing_is_remembered_while_nobody_can_tell_what_moved(
    known: Remembered[int], feed: TellingFeed
) -> None:
    source = Source()
    await known.get("ann", source)
    feed.can_tell = False
    assert [await known.get("ann", source) for _ in range(2)] == [2, 3]


async def test_whoever_was_used_longest_ago_goes_first(known: Remembered[int]) -> None:
    ann, bob = Source(), Source()
    await known.get("ann", ann)
    await known.get("bob", bob)
    await known.get("ann", ann)
    await known.get("eve", Source())
    assert (await known.get("ann", ann), await known.get("bob", bob), len(known)) == (1, 2, 2)


async def waiting(*asked: Awaitable[int]) -> list[asyncio.Task[int]]:
    tasks = [asyncio.ensure_future(one) for one in asked]
    await asyncio.sleep(0)
    return tasks  # type: ignore[return-value]


async def test_many_who_ask_at_once_are_one_read(known: Remembered[int]) -> None:
    source = Source()
    source.gate.clear()
    tasks = await waiting(*(known.get("ann", source) for _ in range(5)))
    tasks[0].cancel()
    await asyncio.sleep(0)
    source.gate.set()
    assert await asyncio.gather(*tasks[1:]) == [1, 1, 1, 1]


@pytest.mark.parametrize("moves", [(ANN,), (BOB, ANN)])
async def test_what_moved_while_it_was_read_is_not_remembered(
    known: Remembered[int], feed: TellingFeed, moves: tuple[Move, ...]
) -> None:
    source = Source()
    source.gate.clear()
    (early,) = await waiting(known.get("ann", source))
    for move in moves:
        feed.tell(move)
    (late,) = await waiting(known.get("ann", source))
    source.gate.set()
    assert (await early, await late) == (1, 2)
    assert await known.get("ann", source) == 2


async def test_a_refusal_is_told_to_all_and_not_remembered(known: Remembered[int]) -> None:
    gate = asyncio.Event()

    async def refuse() -> Entry[int]:
        await gate.wait()
        raise LookupError

    tasks = await waiting(*(known.get("eve", refuse) for _ in range(3)))
    gate.set()
    answers = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(one) for one in answers] == [LookupError] * 3
    assert (len(known), await known.get("eve", Source())) == (0, 1)
