from collections.abc import AsyncIterator

import pytest

from audit.sinks.http import HttpClient
from audit.sinks.port import Delivery
from audit.sinks.splunk import SplunkSink
from tests.audit.sinks.entries import ORIGIN, START, make_entries, make_entry
from tests.audit.sinks.fake_splunk import TOKEN, FakeSplunk, start
from tests.patience import PATIENCE

pytestmark = pytest.mark.slow


@pytest.fixture
async def splunk() -> AsyncIterator[FakeSplunk]:
    made = FakeSplunk()
    runner = await start(made)
    yield made
    await runner.cleanup()


@pytest.fixture
async def sink(splunk: FakeSplunk) -> AsyncIterator[SplunkSink]:
    opened = open_sink(splunk)
    yield opened
    await opened.close()


def open_sink(splunk: FakeSplunk, *, token: str = TOKEN, patience: float = PATIENCE) -> SplunkSink:
    client = HttpClient(splunk.url, networks=["127.0.0.0/8"])
    return SplunkSink(client, token, origin=ORIGIN, index="audit", patience=patience)


async def test_nothing_counts_before_the_indexers_acknowledge(splunk: FakeSplunk, sink: SplunkSink) -> None:
    assert await sink.deliver(make_entries(0, 3)) == Delivery(3)
    assert splunk.asked == 2


async def test_an_event_names_time_host_source_and_index(splunk: FakeSplunk, sink: SplunkSink) -> None:
    await sink.deliver(make_entries(4, 5))
    (event,) = splunk.events
    assert event["time"] == pytest.approx((START + 4) / 1_000_000)
    assert event["event"]["event"]["hash"] == make_entry(4).leaf.hex()
    names = {name: event[name] for name in ("host", "source", "sourcetype", "index")}
    assert names == {
        "host": "guildhall.test",
        "source": ORIGIN,
        "sourcetype": "guildhall:audit",
        "index": "audit",
    }


async def test_a_lost_acknowledgement_is_sent_again(splunk: FakeSplunk) -> None:
    sink = open_sink(splunk, patience=0.3)
    splunk.lost = True
    found = await sink.deliver(make_entries(0, 2))
    assert found == Delivery(0, blocked="Splunk did not acknowledge events in 0.3 s.")
    splunk.lost = False
    sink._patience = PATIENCE
    assert await sink.deliver(make_entries(0, 2)) == Delivery(2)
    assert splunk.sequences() == [0, 1]
    await sink.close()


async def test_a_token_without_acknowledgement_is_refused(splunk: FakeSplunk, sink: SplunkSink) -> None:
    splunk.acknowledges = False
    found = await sink.deliver(make_entries(0, 1))
    assert found.blocked == "Indexer acknowledgement is off for this Splunk token: turn it on."


async def test_an_event_called_invalid_is_sent_with_its_original_only(
    splunk: FakeSplunk, sink: SplunkSink
) -> None:
    splunk.bad = {2}
    assert await sink.deliver(make_entries(0, 5)) == Delivery(5, quarantined=(2,))
    assert splunk.sequences() == [0, 1, 2, 3, 4]


async def test_what_is_too_large_is_halved(splunk: FakeSplunk, sink: SplunkSink) -> None:
    splunk.largest = 6_000
    assert await sink.deliver(make_entries(0, 20)) == Delivery(20)
    assert len(splunk.requests) > 2
    assert splunk.sequences() == list(range(20))


async def test_one_entry_that_is_too_large_is_a_delay_and_not_a_loss(
    splunk: FakeSplunk, sink: SplunkSink
) -> None:
    splunk.largest = 10
    assert await sink.deliver(make_entries(0, 2)) == Delivery(
        0, blocked="One entry is larger than Splunk accepts (413)."
    )


@pytest.mark.parametrize(
    ("status", "answer", "sentence"),
    [
        (503, {"text": "Server is busy", "code": 9}, "Splunk is busy (503)."),
        (429, {}, "Splunk is busy (429)."),
        (500, {"text": "Internal server error", "code": 8}, "Splunk failed (500)."),
        (401, {"text": "Token is required", "code": 2}, "Splunk refuses this token (401)."),
    ],
)
async def test_a_refusal_is_a_sentence_and_the_same_batch_again(
    splunk: FakeSplunk, sink: SplunkSink, status: int, answer: dict[str, object], sentence: str
) -> None:
    splunk.refuse.append((status, answer))
    assert await sink.deliver(make_entries(0, 2)) == Delivery(0, blocked=sentence)
    assert await sink.deliver(make_entries(0, 2)) == Delivery(2)


async def test_a_ping_tells_a_wrong_token(splunk: FakeSplunk) -> None:
    sink = open_sink(splunk, token="another")
    health = await sink.ping()
    assert (health.ok, health.sentence) == (False, "Splunk refuses this token (403).")
    await sink.close()


async def test_nobody_there_is_a_sentence() -> None:
    sink = SplunkSink(HttpClient("http://127.0.0.1:1", networks=["127.0.0.0/8"]), TOKEN, origin=ORIGIN)
    assert (await sink.deliver(make_entries(0, 1))).blocked == "127.0.0.1 cannot be reached."
    assert not (await sink.ping()).ok
    await sink.close()
