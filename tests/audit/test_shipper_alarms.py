"""What a shipper tells of its sink, and how an alarm is raised and cleared."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from audit.event import Outcome
from audit.following.shipper import Shipper
from audit.sinks import Delivery
from audit.sinks.cursor import Position, State, read_position
from tests.audit.sinks.entries import START, make_act, make_entries, make_entry
from tests.audit.sinks.shelf import Shelf
from tests.audit.sinks.signed_log import SignedLog, open_log

NOW = START + 1_000_000


@pytest.fixture
async def log(tmp_path: Path) -> AsyncIterator[SignedLog]:
    async with open_log(tmp_path) as opened:
        yield opened


def clock() -> int:
    return NOW


async def test_an_alarm_stays_until_it_is_cleared(log: SignedLog) -> None:
    shelf = Shelf(tampered=(1,))
    shipper = Shipper(log.engine, shelf, clock)
    await log.grow(3)
    await shipper.ship()
    sentence = "shelf holds something else than the log as entry 1."
    assert await read_position(log.engine, "shelf") == Position(3, State.ALARM, sentence)
    await log.grow(3)
    await Shipper(log.engine, shelf, clock).ship()
    assert await read_position(log.engine, "shelf") == Position(6, State.ALARM, sentence)
    await log.put([make_act(6, "sink.update", "clear:another"), make_act(7, "sink.update", "clear:shelf")])
    await log.sign()
    await shipper.ship()
    assert await read_position(log.engine, "shelf") == Position(8)


async def test_an_alarm_is_not_cleared_by_what_was_done_before_it(log: SignedLog) -> None:
    shelf = Shelf(tampered=(3,))
    await log.put([*make_entries(0, 2), make_act(2, "sink.update", "clear:shelf"), make_entry(3)])
    await log.sign()
    shipper = Shipper(log.engine, shelf, clock)
    for _ in range(2):
        await shipper.ship()
        assert (await read_position(log.engine, "shelf")).state is State.ALARM


async def test_a_refused_act_clears_nothing(log: SignedLog) -> None:
    shelf = Shelf(tampered=(1,))
    shipper = Shipper(log.engine, shelf, clock)
    await log.grow(2)
    await shipper.ship()
    await log.put([make_act(2, "sink.update", "clear:shelf", outcome=Outcome.DENIED)])
    await log.sign()
    await shipper.ship()
    assert (await read_position(log.engine, "shelf")).state is State.ALARM


async def test_whoever_clears_an_alarm_can_have_everything_shipped_again(log: SignedLog) -> None:
    shelf = Shelf(tampered=(1,))
    shipper = Shipper(log.engine, shelf, clock)
    await log.grow(3)
    await shipper.ship()
    shelf.tampered, shelf.held = (), []
    await log.put([make_act(3, "sink.update", "clear:shelf", "again")])
    await log.sign()
    await shipper.ship()
    assert shelf.handed[-1] == [0, 1, 2, 3]
    assert await read_position(log.engine, "shelf") == Position(4)


async def test_a_sink_that_holds_more_than_the_log_is_an_alarm(log: SignedLog) -> None:
    await log.grow(2)
    await Shipper(log.engine, Shelf(held=[0, 1, 2]), clock).ship()
    found = await read_position(log.engine, "shelf")
    assert found == Position(2, State.ALARM, "shelf holds entry 2, which the log does not have.")


async def test_quarantine_is_reported_before_the_cursor_passes(log: SignedLog) -> None:
    told: list[tuple[str, tuple[int, ...], int]] = []

    async def report(name: str, delivery: Delivery) -> None:
        told.append((name, delivery.quarantined, (await read_position(log.engine, name)).next_index))

    await log.grow(3)
    await Shipper(log.engine, Shelf(quarantines=(2,)), clock, report=report).ship()
    assert told == [("shelf", (2,), 0)]


async def test_what_happens_to_entries_about_it_is_not_told_again(log: SignedLog) -> None:
    told: list[Delivery] = []

    async def report(_name: str, delivery: Delivery) -> None:
        told.append(delivery)

    shelf = Shelf(quarantines=(1, 2), tampered=(3, 4))
    await log.put(
        [
            make_entry(0),
            make_act(1, "sink.quarantine"),
            make_entry(2),
            make_act(3, "sink.tamper"),
            make_entry(4),
        ]
    )
    await log.sign()
    await Shipper(log.engine, shelf, clock, report=report).ship()
    assert told == [Delivery(5, quarantined=(2,), tampered=(4,))]
    shelf.quarantines, shelf.tampered = (5,), ()
    await log.put([make_act(5, "sink.quarantine")])
    await log.sign()
    await Shipper(log.engine, shelf, clock, report=report).ship()
    assert len(told) == 1


async def test_a_report_that_fails_leaves_the_cursor_before_what_it_is_about(log: SignedLog) -> None:
    async def report(_name: str, _delivery: Delivery) -> None:
        raise RuntimeError("The main database does not answer.")

    await log.grow(3)
    with pytest.raises(RuntimeError):
        await Shipper(log.engine, Shelf(quarantines=(2,)), clock, report=report).ship()
    assert await read_position(log.engine, "shelf") == Position(0)


async def test_a_sink_with_everything_is_compared_and_a_difference_is_an_alarm(log: SignedLog) -> None:
    said: list[str | None] = [None, "shelf lacks 2 entries.", None]

    async def compare(size: int) -> str | None:
        assert size == 3
        return said.pop(0)

    shipper = Shipper(log.engine, Shelf(), clock, compare=compare)
    await log.grow(3)
    await shipper.ship()
    assert len(said) == 3
    await shipper.ship()
    assert await read_position(log.engine, "shelf") == Position(3)
    for _ in range(2):
        await shipper.ship()
        assert await read_position(log.engine, "shelf") == Position(3, State.ALARM, "shelf lacks 2 entries.")
