"""What every sink promises, asked of each: the file, Elasticsearch behind a fake, Elasticsearch itself."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Protocol
from uuid import uuid4

import pytest

from audit.reconcile import Reconciliation, reconcile
from audit.shipper import Shipper
from audit.sinks import Census, Countable, Delivery, Sink
from audit.sinks.cursor import Position, read_position
from audit.sinks.elasticsearch import open_elasticsearch
from audit.sinks.file import FileSink
from tests.audit.sinks import fake_elasticsearch as server
from tests.audit.sinks.entries import ORIGIN, make_entries, make_entry, make_unreadable
from tests.audit.sinks.signed_log import open_log


class Follower(Sink, Countable, Protocol):
    """Both ports together."""


Open = Callable[[], Follower]
KINDS = ["file", "fake_elasticsearch", pytest.param("real_elasticsearch", marks=pytest.mark.real)]


@pytest.fixture
async def fake_elasticsearch() -> AsyncIterator[Open]:
    made = server.FakeElasticsearch()
    runner = await server.start(made)
    yield lambda: open_elasticsearch(made.url, origin=ORIGIN)
    await runner.cleanup()


@pytest.fixture
def real_elasticsearch(elasticsearch_url: str) -> Open:
    prefix = f"contract-{uuid4()}"
    return lambda: open_elasticsearch(elasticsearch_url, origin=ORIGIN, prefix=prefix)


@pytest.fixture
def file(tmp_path: Path) -> Open:
    return lambda: FileSink(tmp_path / "audit.ndjson", origin=ORIGIN)


@pytest.fixture(params=KINDS)
def open_sink(request: pytest.FixtureRequest) -> Open:
    """Opens, each time, another sink over the same empty place."""
    opened: Open = request.getfixturevalue(request.param)
    return opened


@pytest.fixture
async def sink(open_sink: Open) -> AsyncIterator[Follower]:
    opened = open_sink()
    yield opened
    await opened.close()


async def test_an_empty_one_is_well_and_holds_nothing(sink: Follower) -> None:
    health = await sink.ping()
    assert (health.ok, health.next_index) == (True, 0)
    assert await sink.count(0, 1_000) == Census({}, 0)


async def test_what_is_acknowledged_is_held(sink: Follower) -> None:
    assert await sink.deliver(make_entries(0, 7)) == Delivery(7)
    assert (await sink.ping()).next_index == 7
    assert sorted(await sink.indexes(0, 100)) == list(range(7))


async def test_ten_deliveries_are_held_once(sink: Follower) -> None:
    for _ in range(10):
        assert await sink.deliver(make_entries(0, 12)) == Delivery(12)
    assert await sink.deliver(make_entries(6, 15)) == Delivery(9)
    assert sorted(await sink.indexes(0, 100)) == list(range(15))


async def test_another_one_over_the_same_place_goes_on(sink: Follower, open_sink: Open) -> None:
    await sink.deliver(make_entries(0, 4))
    another = open_sink()
    assert (await another.ping()).next_index == 4
    assert await another.deliver(make_entries(2, 8)) == Delivery(6)
    assert sorted(await another.indexes(0, 100)) == list(range(8))
    await another.close()


async def test_bytes_that_are_no_head_are_held_apart_and_counted(sink: Follower) -> None:
    entries = [*make_entries(0, 3), make_unreadable(3), make_entry(4)]
    assert await sink.deliver(entries) == Delivery(5, quarantined=(3,))
    assert sorted(await sink.indexes(0, 100)) == [0, 1, 2, 3, 4]


async def test_something_else_in_an_entrys_place_is_an_alarm(sink: Follower) -> None:
    await sink.deliver([*make_entries(0, 4), make_entry(4, variant=1)])
    assert await sink.deliver(make_entries(0, 6)) == Delivery(6, tampered=(4,))


async def test_counts_are_by_bucket_and_beyond(sink: Follower) -> None:
    await sink.deliver(make_entries(0, 25))
    assert await sink.count(20, 8) == Census({0: 8, 8: 8, 16: 4}, 5)


async def test_nothing_to_deliver_is_nothing_done(sink: Follower) -> None:
    assert await sink.deliver([]) == Delivery(0)


async def test_a_log_is_followed_to_its_end_and_the_counts_agree(sink: Follower, tmp_path: Path) -> None:
    async with open_log(tmp_path) as log:
        await log.grow(1_200)
        shipper = Shipper(log.engine, sink, lambda: 0)
        delivered = [(await shipper.ship()).acknowledged for _ in range(4)]
        assert delivered == [500, 500, 200, 0]
        assert await read_position(log.engine, sink.name) == Position(1_200)
        assert await reconcile(log.engine, sink) == Reconciliation(1_200, 1_200, missing=(), extra=0)
