import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from audit.following.shipper import Shipper
from audit.sinks import Delivery, Health, Shipment
from audit.sinks.cursor import Lag, Position, State, read_position
from audit.sinks.elasticsearch import open_elasticsearch
from audit.sinks.file import FileSink
from tests.audit.sinks import fake_elasticsearch as server
from tests.audit.sinks.entries import ORIGIN, START, make_entries, make_entry
from tests.audit.sinks.fake_elasticsearch import FakeElasticsearch
from tests.audit.sinks.shelf import Shelf
from tests.audit.sinks.signed_log import SignedLog, open_log
from tests.patience import PATIENCE

NOW = START + 1_000_000


@pytest.fixture
async def log(tmp_path: Path) -> AsyncIterator[SignedLog]:
    async with open_log(tmp_path) as opened:
        yield opened


@pytest.fixture
async def fake() -> AsyncIterator[FakeElasticsearch]:
    made = FakeElasticsearch()
    runner = await server.start(made)
    yield made
    await runner.cleanup()


def clock() -> int:
    return NOW


async def test_it_ships_in_order_and_in_bounded_batches(log: SignedLog) -> None:
    shelf = Shelf()
    shipper = Shipper(log.engine, shelf, clock, batch=4)
    await log.grow(10)
    assert [(await shipper.ship()).acknowledged for _ in range(4)] == [4, 4, 2, 0]
    assert shelf.handed == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]
    assert await read_position(log.engine, "shelf") == Position(10)


async def test_what_is_not_signed_is_not_shipped(log: SignedLog) -> None:
    shelf = Shelf()
    shipper = Shipper(log.engine, shelf, clock)
    await log.grow(3)
    await log.grow(2, signed=False)
    assert await shipper.ship() == Delivery(3)
    assert await shipper.ship() == Delivery(0)
    await log.sign()
    assert await shipper.ship() == Delivery(2)


async def test_the_cursor_passes_only_what_was_acknowledged(log: SignedLog) -> None:
    shelf = Shelf(refuses=3)
    shipper = Shipper(log.engine, shelf, clock)
    await log.grow(6)
    await shipper.ship()
    assert await read_position(log.engine, "shelf") == Position(3, State.BLOCKED, "The shelf is full.")
    assert await shipper.lag() == Lag(3, NOW - START - 3)
    shelf.refuses = None
    assert await shipper.ship() == Delivery(3)
    assert await read_position(log.engine, "shelf") == Position(6)
    assert await shipper.lag() == Lag(0, 0)
    assert shelf.handed == [[0, 1, 2, 3, 4, 5], [3, 4, 5]]


async def test_another_shipper_resumes_where_the_first_stopped(log: SignedLog) -> None:
    shelf = Shelf()
    await log.grow(4)
    await Shipper(log.engine, shelf, clock, batch=3).ship()
    await Shipper(log.engine, shelf, clock, batch=3).ship()
    assert shelf.handed == [[0, 1, 2], [3]]


async def test_a_hole_in_the_log_itself_stops_it_and_is_said(log: SignedLog) -> None:
    shelf = Shelf()
    await log.put([*make_entries(0, 2), make_entry(3)])
    await log.sign()
    shipper = Shipper(log.engine, shelf, clock)
    assert await shipper.ship() == Delivery(2)
    assert await shipper.ship() == Delivery(0, blocked="Entry 2 is missing from the log itself.")
    assert (await read_position(log.engine, "shelf")).state is State.BLOCKED


async def test_an_entry_that_is_signed_while_it_is_looked_for_is_not_missing(log: SignedLog) -> None:
    class Growing(Shipper):
        async def _take(self, first: int) -> Sequence[Shipment]:
            found = await super()._take(first)
            await log.grow(2)
            return found

    shelf = Shelf()
    assert await Growing(log.engine, shelf, clock).ship() == Delivery(0)
    assert (await read_position(log.engine, "shelf")).state is State.SHIPPING
    await Shipper(log.engine, shelf, clock).ship()
    assert shelf.handed == [[0, 1]]


async def test_a_slow_sink_is_handed_less_until_it_answers_in_time(log: SignedLog) -> None:
    class Slow(Shelf):
        async def deliver(self, entries: Sequence[Shipment]) -> Delivery:
            if len(entries) > 2:
                await asyncio.Event().wait()
            return await super().deliver(entries)

    await log.grow(8)
    slow = Slow()
    shipper = Shipper(log.engine, slow, clock, batch=8, patience=0.05)
    taken = [(await shipper.ship()).acknowledged for _ in range(5)]
    assert taken == [0, 0, 2, 0, 2]
    assert slow.held == [0, 1, 2, 3]


async def test_a_sink_that_is_away_for_long_holds_two_batches_in_memory(log: SignedLog) -> None:
    shelf = Shelf(refuses=0)
    await log.grow(60)
    shipper = Shipper(log.engine, shelf, clock, batch=10)
    for _ in range(50):
        await shipper.ship()
    assert len(shipper._ahead) == 10
    assert {len(handed) for handed in shelf.handed} == {10}
    shelf.refuses = None
    assert [(await shipper.ship()).acknowledged for _ in range(7)] == [10] * 6 + [0]
    assert shelf.handed[-1] == list(range(50, 60))


async def test_a_sink_that_never_answers_is_given_up_and_asked_again(log: SignedLog) -> None:
    class Silent(Shelf):
        async def deliver(self, entries: Sequence[Shipment]) -> Delivery:
            await asyncio.Event().wait()
            return Delivery(0)

    await log.grow(1)
    delivery = await Shipper(log.engine, Silent(), clock, patience=0.01).ship()
    assert delivery == Delivery(0, blocked="shelf did not answer in 0.01 s.")


async def run_until(shipper: Shipper, log: SignedLog, sink: str, size: int) -> None:
    """Let the loop run until the cursor of ``sink`` has come to ``size``."""
    stop = asyncio.Event()
    running = asyncio.create_task(shipper.run(stop))
    async with asyncio.timeout(PATIENCE):
        while (await read_position(log.engine, sink)).next_index < size:
            await asyncio.wait({running}, timeout=0.01)
            assert not running.done()
    stop.set()
    await running


async def test_the_loop_goes_on_after_whatever_fails(log: SignedLog) -> None:
    shelf = Shelf(breaks=3)
    await log.grow(5)
    await run_until(Shipper(log.engine, shelf, clock, longest_pause=0.01), log, "shelf", 5)
    assert shelf.held == [0, 1, 2, 3, 4]


async def test_the_loop_ends_at_once_when_told(log: SignedLog) -> None:
    stop = asyncio.Event()
    running = asyncio.create_task(Shipper(log.engine, Shelf(refuses=0), clock).run(stop))
    stop.set()
    async with asyncio.timeout(PATIENCE):
        await running


async def test_every_kind_of_trouble_ends_with_each_entry_once(
    log: SignedLog, fake: FakeElasticsearch
) -> None:
    sink = open_elasticsearch(fake.url, origin=ORIGIN, timeout=PATIENCE)
    await log.grow(60)
    fake.script += [
        server.refused(429),
        server.items_fail({3: (429, "es_rejected_execution_exception"), 5: (503, "unavailable")}),
        server.lose_answer,
        server.lose_answer,
        server.too_large(4),
        server.items_fail({0: (400, "document_parsing_exception")}),
        server.refused(502, b"<html>", "text/html"),
        server.refused(200, b'{"items":['),
        server.rearranged(lambda items: items[1:][::-1]),
        server.items_fail({1: (403, "cluster_block_exception")}),
    ]
    await run_until(Shipper(log.engine, sink, clock, batch=10, longest_pause=0.01), log, "elasticsearch", 60)
    assert fake.sequences() == list(range(60))
    await sink.close()


async def test_an_outage_in_the_middle_delays_and_loses_nothing(log: SignedLog) -> None:
    fake = FakeElasticsearch()
    runner = await server.start(fake)
    port = runner.addresses[0][1]
    sink = open_elasticsearch(fake.url, origin=ORIGIN, timeout=PATIENCE)
    shipper = Shipper(log.engine, sink, clock, batch=5, longest_pause=0.01)
    await log.grow(20)
    assert await shipper.ship() == Delivery(5)
    await runner.cleanup()
    assert (await shipper.ship()).blocked == "Elasticsearch cannot be reached."
    runner = await server.start(fake, port)
    await run_until(shipper, log, "elasticsearch", 20)
    assert fake.sequences() == list(range(20))
    await sink.close()
    await runner.cleanup()


async def test_an_empty_cluster_in_its_place_gets_everything_from_entry_0(
    log: SignedLog, fake: FakeElasticsearch
) -> None:
    await log.grow(12)
    sink = open_elasticsearch(fake.url, origin=ORIGIN)
    await run_until(Shipper(log.engine, sink, clock), log, "elasticsearch", 12)
    fake.documents.clear()
    await log.grow(3)
    await Shipper(log.engine, sink, clock).ship()
    assert fake.sequences() == list(range(15))
    assert "guildhall-audit-v1" in fake.templates
    await sink.close()


async def test_a_lost_cursor_writes_no_line_twice(log: SignedLog, tmp_path: Path) -> None:
    path = tmp_path / "audit.ndjson"
    sink = FileSink(path, origin=ORIGIN)
    await log.grow(9)
    await Shipper(log.engine, sink, clock, batch=4).ship()
    renamed = FileSink(path, origin=ORIGIN, name="file-again")
    shipper = Shipper(log.engine, renamed, clock, batch=3)
    await run_until(shipper, log, "file-again", 9)
    assert await sink.indexes(0, 100) == list(range(9))


async def test_a_deleted_file_is_written_again(log: SignedLog, tmp_path: Path) -> None:
    sink = FileSink(tmp_path / "audit.ndjson", origin=ORIGIN)
    shipper = Shipper(log.engine, sink, clock)
    await log.grow(4)
    await shipper.ship()
    await asyncio.to_thread((tmp_path / "audit.ndjson").unlink)
    await log.grow(4)
    assert (await shipper.ship()).blocked == "audit.ndjson ends before entry 0."
    assert await shipper.ship() == Delivery(8)
    assert await sink.indexes(0, 100) == list(range(8))


async def test_a_sink_that_hangs_does_not_hold_up_another(log: SignedLog, fake: FakeElasticsearch) -> None:
    released, stop = asyncio.Event(), asyncio.Event()
    fake.script.append(server.hang_after_doing(released))
    sink, shelf = open_elasticsearch(fake.url, origin=ORIGIN), Shelf()
    await log.grow(5)
    hanging = asyncio.create_task(Shipper(log.engine, sink, clock).run(stop))
    await run_until(Shipper(log.engine, shelf, clock), log, "shelf", 5)
    assert (await read_position(log.engine, "elasticsearch")).next_index == 0
    released.set()
    stop.set()
    await hanging
    await sink.close()


class Blind(Shelf):
    """A sink that nobody can ask what it holds; ``refuses=0`` is an outage."""

    async def ping(self) -> Health:
        return Health(ok=self.refuses is None, sentence="", again=2)


async def test_a_long_outage_goes_back_once_and_not_to_entry_0(log: SignedLog) -> None:
    shelf = Blind()
    shipper = Shipper(log.engine, shelf, clock, batch=4)
    await log.grow(12)
    while (await shipper.ship()).acknowledged:
        pass
    await log.grow(1)
    shelf.refuses = 0
    for _ in range(5):
        assert (await shipper.ship()).acknowledged == 0
    assert (await read_position(log.engine, "shelf")).next_index == 10
    shelf.refuses, shelf.handed = None, []
    assert (await shipper.ship()).acknowledged == 3
    assert shelf.handed == [[10, 11, 12]]
    shelf.refuses = 0
    await log.grow(1)
    await shipper.ship()
    await shipper.ship()
    assert (await read_position(log.engine, "shelf")).next_index == 11


async def test_a_delivery_that_breaks_before_it_is_stored_goes_back_again(log: SignedLog) -> None:
    shelf = Blind()
    shipper = Shipper(log.engine, shelf, clock, batch=4)
    await log.grow(4)
    await shipper.ship()
    shelf.refuses = 0
    await log.grow(1)
    await shipper.ship()
    shelf.breaks = 1
    with pytest.raises(RuntimeError):
        await shipper.ship()
    shelf.refuses, shelf.handed = None, []
    await shipper.ship()
    assert shelf.handed == [[2, 3, 4]]
