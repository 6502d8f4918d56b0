"""What every sink promises, asked of each: file, Elasticsearch (a fake and itself), syslog, Splunk, webhook.

Sinks that can be counted are asked themselves; of the others the receiver tells what came.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, cast
from uuid import uuid4

import pytest

from audit.following.reconcile import Reconciliation, reconcile
from audit.following.shipper import Shipper
from audit.formats import OCSF
from audit.sinks import Census, Countable, Delivery, Sink
from audit.sinks.cursor import Position, read_position
from audit.sinks.elasticsearch import open_elasticsearch
from audit.sinks.file import FileSink
from audit.sinks.http import HttpClient
from audit.sinks.splunk import SplunkSink
from audit.sinks.stream import Address
from audit.sinks.syslog import SyslogSink
from audit.sinks.webhook import WebhookSink, read_secret
from tests.audit.sinks import fake_elasticsearch as server
from tests.audit.sinks import fake_splunk, syslog_receiver, webhook_receiver
from tests.audit.sinks.entries import ORIGIN, make_entries, make_entry, make_unreadable
from tests.audit.sinks.signed_log import open_log
from tests.patience import PATIENCE, within
from tests.real.rsyslog import RsyslogReceiver

LOOPBACK = ("127.0.0.0/8",)


class Follower(Sink, Countable, Protocol):
    """Both ports together."""


@dataclass
class Place:
    """Where sinks deliver to.

    Attributes:
        open: opens another sink each time.
        held: tells which entries arrived; it has patience until they are those it is given.
        again: how many entries a sink that comes back sends once more.
    """

    open: Callable[[], Sink]
    held: Callable[[list[int]], Awaitable[list[int]]]
    again: int = 0


COUNTABLE = [
    "file",
    "ocsf_file",
    "fake_elasticsearch",
    pytest.param("real_elasticsearch", marks=pytest.mark.real),
    "fake_stream",
    pytest.param("real_stream", marks=pytest.mark.real),
]
KINDS = [*COUNTABLE, "syslog", pytest.param("rsyslog", marks=pytest.mark.real), "splunk", "webhook"]


def readable_place(open_sink: Callable[[], Follower]) -> Place:
    async def held(_wanted: list[int]) -> list[int]:
        reader = open_sink()
        try:
            return sorted(await reader.indexes(0, 10_000))
        finally:
            await reader.close()

    return Place(open_sink, held)


@pytest.fixture
async def fake_elasticsearch() -> AsyncIterator[Place]:
    made = server.FakeElasticsearch()
    runner = await server.start(made)
    yield readable_place(lambda: open_elasticsearch(made.url, origin=ORIGIN))
    await runner.cleanup()


@pytest.fixture
def real_elasticsearch(elasticsearch_url: str) -> Place:
    prefix = f"contract-{uuid4()}"
    return readable_place(lambda: open_elasticsearch(elasticsearch_url, origin=ORIGIN, prefix=prefix))


@pytest.fixture
async def fake_stream() -> AsyncIterator[Place]:
    made = server.FakeElasticsearch()
    runner = await server.start(made)
    yield readable_place(lambda: open_elasticsearch(made.url, origin=ORIGIN, stream=True))
    await runner.cleanup()


@pytest.fixture
def real_stream(elasticsearch_url: str) -> Place:
    prefix = f"contract-{uuid4()}"
    return readable_place(
        lambda: open_elasticsearch(elasticsearch_url, origin=ORIGIN, prefix=prefix, stream=True)
    )


@pytest.fixture
def file(tmp_path: Path) -> Place:
    return readable_place(lambda: FileSink(tmp_path / "audit.ndjson", origin=ORIGIN))


@pytest.fixture
def ocsf_file(tmp_path: Path) -> Place:
    return readable_place(lambda: FileSink(tmp_path / "audit.ndjson", origin=ORIGIN, form=OCSF))


@pytest.fixture
def syslog() -> Iterator[Place]:
    receiver = syslog_receiver.Receiver()
    listening = syslog_receiver.Server(receiver)
    address = Address("127.0.0.1", receiver.port)
    yield Place(lambda: SyslogSink(address, origin=ORIGIN), arriving(receiver.sequences), again=1_000)
    listening.end()


@pytest.fixture
def rsyslog(rsyslog_receiver: RsyslogReceiver) -> Place:
    rsyslog_receiver.forget()
    address = Address("127.0.0.1", rsyslog_receiver.port)
    return Place(
        lambda: SyslogSink(address, origin=ORIGIN), arriving(rsyslog_receiver.sequences), again=1_000
    )


@pytest.fixture
async def splunk() -> AsyncIterator[Place]:
    made = fake_splunk.FakeSplunk()
    runner = await fake_splunk.start(made)

    def opened() -> Sink:
        return SplunkSink(HttpClient(made.url, networks=LOOPBACK), fake_splunk.TOKEN, origin=ORIGIN)

    yield Place(opened, arriving(made.sequences), again=1_000)
    await runner.cleanup()


@pytest.fixture
async def webhook() -> AsyncIterator[Place]:
    made = webhook_receiver.Receiver()
    runner = await webhook_receiver.start(made)
    secret = read_secret(webhook_receiver.SECRET)

    def opened() -> Sink:
        client = HttpClient(made.url, networks=LOOPBACK)
        return WebhookSink(client, secret, origin=ORIGIN, clock=lambda: time.time_ns() // 1_000)

    yield Place(opened, arriving(made.sequences))
    await runner.cleanup()


def arriving(read: Callable[[], list[int]]) -> Callable[[list[int]], Awaitable[list[int]]]:
    """Read until all came: what a receiver's kernel has taken its program reads when it is let run."""

    async def held(wanted: list[int]) -> list[int]:
        with suppress(TimeoutError):
            async with within(PATIENCE):
                while read() != wanted:  # noqa: ASYNC110 - another process sends no event
                    await asyncio.sleep(0.05)
        return read()

    return held


@pytest.fixture(params=KINDS)
def place(request: pytest.FixtureRequest) -> Place:
    found: Place = request.getfixturevalue(request.param)
    return found


@pytest.fixture
async def sink(place: Place) -> AsyncIterator[Sink]:
    opened = place.open()
    yield opened
    await opened.close()


@pytest.fixture(params=COUNTABLE)
def counted(request: pytest.FixtureRequest) -> Place:
    found: Place = request.getfixturevalue(request.param)
    return found


@pytest.fixture
async def countable(counted: Place) -> AsyncIterator[Follower]:
    opened = cast("Follower", counted.open())
    yield opened
    await opened.close()


async def test_an_empty_one_is_well(sink: Sink, place: Place) -> None:
    health = await sink.ping()
    assert (health.ok, health.next_index or 0, health.again) == (True, 0, place.again)


async def test_what_is_acknowledged_is_held(sink: Sink, place: Place) -> None:
    assert await sink.deliver(make_entries(0, 7)) == Delivery(7)
    assert await place.held(wanted := list(range(7))) == wanted


async def test_ten_deliveries_are_held_once(sink: Sink, place: Place) -> None:
    for _ in range(10):
        assert await sink.deliver(make_entries(0, 12)) == Delivery(12)
    assert await sink.deliver(make_entries(6, 15)) == Delivery(9)
    assert await place.held(wanted := list(range(15))) == wanted


async def test_another_one_over_the_same_place_goes_on(sink: Sink, place: Place) -> None:
    await sink.deliver(make_entries(0, 4))
    another = place.open()
    assert (await another.ping()).next_index in {4, None}
    assert await another.deliver(make_entries(2, 8)) == Delivery(6)
    assert await place.held(wanted := list(range(8))) == wanted
    await another.close()


async def test_bytes_that_are_no_head_are_held_apart(sink: Sink, place: Place) -> None:
    entries = [*make_entries(0, 3), make_unreadable(3), make_entry(4)]
    assert await sink.deliver(entries) == Delivery(5, quarantined=(3,))
    assert await place.held(wanted := [0, 1, 2, 3, 4]) == wanted


async def test_nothing_to_deliver_is_nothing_done(sink: Sink) -> None:
    assert await sink.deliver([]) == Delivery(0)


async def test_a_log_is_followed_to_its_end(sink: Sink, place: Place, tmp_path: Path) -> None:
    async with open_log(tmp_path) as log:
        await log.grow(1_200)
        shipper = Shipper(log.engine, sink, lambda: 0, batch=500)
        delivered = [(await shipper.ship()).acknowledged for _ in range(4)]
        assert delivered == [500, 500, 200, 0]
        assert await read_position(log.engine, sink.name) == Position(1_200)
        assert await place.held(wanted := list(range(1_200))) == wanted


async def test_a_shipper_that_starts_again_leaves_no_gap(place: Place, tmp_path: Path) -> None:
    async with open_log(tmp_path) as log:
        for grown in (700, 500):
            await log.grow(grown)
            opened = place.open()
            shipper = Shipper(log.engine, opened, lambda: 0)
            while (await shipper.ship()).acknowledged:
                pass
            await opened.close()
        assert await read_position(log.engine, opened.name) == Position(1_200)
        assert await place.held(wanted := list(range(1_200))) == wanted


async def test_an_empty_one_counts_nothing(countable: Follower) -> None:
    assert await countable.count(0, 1_000) == Census({}, 0)


async def test_something_else_in_an_entrys_place_is_an_alarm(countable: Follower) -> None:
    await countable.deliver([*make_entries(0, 4), make_entry(4, variant=1)])
    assert await countable.deliver(make_entries(0, 6)) == Delivery(6, tampered=(4,))


async def test_counts_are_by_bucket_and_beyond(countable: Follower) -> None:
    await countable.deliver(make_entries(0, 25))
    assert await countable.count(20, 8) == Census({0: 8, 8: 8, 16: 4}, 5)


async def test_the_counts_of_a_whole_log_agree(countable: Follower, tmp_path: Path) -> None:
    async with open_log(tmp_path) as log:
        await log.grow(1_200)
        shipper = Shipper(log.engine, countable, lambda: 0)
        while (await shipper.ship()).acknowledged:
            pass
        assert await reconcile(log.engine, countable) == Reconciliation(1_200, 1_200, missing=(), extra=0)
