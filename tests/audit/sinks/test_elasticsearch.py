import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import orjson
import pytest

from audit.sinks import Delivery, Health
from audit.sinks.elasticsearch import ClientCluster, open_elasticsearch
from audit.sinks.indexed import GROW_AFTER, ElasticsearchSink
from tests.audit.sinks import fake_elasticsearch as server
from tests.audit.sinks.entries import ORIGIN, make_entries, make_entry, make_unreadable
from tests.audit.sinks.fake_elasticsearch import FakeElasticsearch, Step
from tests.patience import PATIENCE


@pytest.fixture
async def fake() -> AsyncIterator[FakeElasticsearch]:
    made = FakeElasticsearch()
    runner = await server.start(made)
    yield made
    await runner.cleanup()


@pytest.fixture
async def sink(fake: FakeElasticsearch) -> AsyncIterator[ElasticsearchSink]:
    made = open_elasticsearch(fake.url, origin=ORIGIN, timeout=PATIENCE)
    yield made
    await made.close()


async def test_documents_have_fixed_ids_in_indices_by_range(
    fake: FakeElasticsearch, sink: ElasticsearchSink
) -> None:
    entries = [make_entry(4_999_999), make_entry(5_000_000)]
    assert await sink.deliver(entries) == Delivery(2)
    assert list(fake.documents) == [
        ("guildhall-audit-v1-000000", f"{ORIGIN}-00000000004c4b3f"),
        ("guildhall-audit-v1-000001", f"{ORIGIN}-00000000004c4b40"),
    ]


async def test_the_template_comes_first_and_guesses_nothing(
    fake: FakeElasticsearch, sink: ElasticsearchSink
) -> None:
    await sink.deliver([make_entry(0)])
    template = fake.templates["guildhall-audit-v1"]
    assert template["index_patterns"] == ["guildhall-audit-v1-*"]
    mapping = template["template"]["mappings"]
    assert mapping["dynamic"] is False
    assert mapping["properties"]["event"]["properties"]["original"] == {
        "type": "keyword",
        "index": False,
        "doc_values": False,
    }


async def test_every_field_of_a_document_is_mapped(fake: FakeElasticsearch, sink: ElasticsearchSink) -> None:
    await sink.deliver([make_entry(1)])
    properties = fake.templates["guildhall-audit-v1"]["template"]["mappings"]["properties"]
    (document,) = fake.documents.values()
    for name, value in document.items():
        if isinstance(value, dict):
            assert value.keys() <= properties[name]["properties"].keys()
        else:
            assert name in properties


async def test_a_second_delivery_makes_no_second_document(
    fake: FakeElasticsearch, sink: ElasticsearchSink
) -> None:
    for _ in range(10):
        assert await sink.deliver(make_entries(0, 20)) == Delivery(20)
    assert fake.sequences() == list(range(20))


async def test_another_document_under_our_id_is_an_alarm(
    fake: FakeElasticsearch, sink: ElasticsearchSink
) -> None:
    await sink.deliver([make_entry(3, variant=1)])
    assert await sink.deliver(make_entries(2, 5)) == Delivery(3, tampered=(3,))


async def test_a_document_that_vanishes_while_compared_is_sent_again(
    fake: FakeElasticsearch, sink: ElasticsearchSink
) -> None:
    fake.script.append(server.items_fail({1: (409, "version_conflict_engine_exception")}))
    delivery = await sink.deliver(make_entries(0, 3))
    assert delivery == Delivery(0, blocked="Entry 1 vanished from Elasticsearch while it was compared.")
    assert await sink.deliver(make_entries(0, 3)) == Delivery(3)


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (429, "es_rejected_execution_exception"),
        (502, "bad_gateway"),
        (503, "unavailable_shards_exception"),
        (504, "timeout"),
        (403, "cluster_block_exception"),
        (404, "index_not_found_exception"),
        (500, "exception"),
    ],
)
async def test_an_item_that_is_not_taken_stops_the_batch_there(
    fake: FakeElasticsearch, sink: ElasticsearchSink, status: int, error: str
) -> None:
    fake.script.append(server.items_fail({2: (status, error)}))
    delivery = await sink.deliver(make_entries(10, 15))
    assert delivery == Delivery(2, blocked=f"Elasticsearch did not take entry 12: {error} ({status}).")
    assert await sink.deliver(make_entries(12, 15)) == Delivery(3)
    assert fake.sequences() == list(range(10, 15))


async def test_refused_fields_go_to_quarantine_and_the_count_stays_exact(
    fake: FakeElasticsearch, sink: ElasticsearchSink
) -> None:
    fake.script.append(server.items_fail({1: (400, "document_parsing_exception")}))
    assert await sink.deliver(make_entries(0, 3)) == Delivery(3, quarantined=(1,))
    apart = fake.documents["guildhall-audit-v1-quarantine", f"{ORIGIN}-0000000000000001"]
    assert apart["event"]["original"].encode() == make_entry(1).head
    assert fake.sequences() == [0, 1, 2]


async def test_the_failure_store_counts_as_a_refusal(
    fake: FakeElasticsearch, sink: ElasticsearchSink
) -> None:
    fake.script.append(
        server.rearranged(lambda items: [{**item, "failure_store": "used"} for item in items[:1]] + items[1:])
    )
    assert await sink.deliver(make_entries(0, 2)) == Delivery(2, quarantined=(0,))


async def test_what_quarantine_refuses_is_not_acknowledged(
    fake: FakeElasticsearch, sink: ElasticsearchSink
) -> None:
    refusal = server.items_fail({0: (400, "document_parsing_exception")})
    fake.script += [refusal, refusal]
    delivery = await sink.deliver(make_entries(0, 2))
    assert delivery == Delivery(0, blocked="Elasticsearch did not take entry 0 into quarantine.")


async def test_bytes_that_are_no_head_are_kept_apart(
    fake: FakeElasticsearch, sink: ElasticsearchSink
) -> None:
    entries = [make_entry(0), make_unreadable(1), make_entry(2)]
    assert await sink.deliver(entries) == Delivery(3, quarantined=(1,))
    assert fake.sequences() == [0, 1, 2]


async def test_outcomes_in_another_order_are_matched_by_id(
    fake: FakeElasticsearch, sink: ElasticsearchSink
) -> None:
    await sink.deliver([make_entry(1, variant=1)])
    fake.script.append(server.rearranged(lambda items: items[::-1]))
    assert await sink.deliver(make_entries(0, 3)) == Delivery(3, tampered=(1,))


async def test_an_entry_without_an_outcome_is_not_acknowledged(
    fake: FakeElasticsearch, sink: ElasticsearchSink
) -> None:
    fake.script.append(server.rearranged(lambda items: items[:-1]))
    delivery = await sink.deliver(make_entries(0, 3))
    assert delivery == Delivery(2, blocked="Elasticsearch did not take entry 2: no answer for this entry.")


@pytest.mark.parametrize(
    ("step", "sentence"),
    [
        (server.refused(429), "Elasticsearch is overloaded or starting (429)."),
        (server.refused(503), "Elasticsearch is overloaded or starting (503)."),
        (server.refused(401), "Elasticsearch refuses these credentials, or blocks writing (401)."),
        (server.refused(403), "Elasticsearch refuses these credentials, or blocks writing (403)."),
        (server.refused(405), "Something needed is not available in this Elasticsearch (405)."),
        (server.refused(500), "Elasticsearch failed (500)."),
        (
            server.refused(502, b"<html>Bad gateway</html>", "text/html"),
            "Elasticsearch is overloaded or starting (502).",
        ),
        (
            server.refused(200, b'{"took":1,"items":[{"crea'),
            "Elasticsearch, or a proxy before it, answered with something that is not its JSON.",
        ),
    ],
)
async def test_a_request_that_fails_is_one_sentence_and_then_sent_again(
    fake: FakeElasticsearch, sink: ElasticsearchSink, step: Step, sentence: str
) -> None:
    fake.script.append(step)
    assert await sink.deliver(make_entries(0, 4)) == Delivery(0, blocked=sentence)
    assert await sink.deliver(make_entries(0, 4)) == Delivery(4)
    assert fake.sequences() == [0, 1, 2, 3]


async def test_a_connection_that_breaks_is_an_unknown_outcome(
    fake: FakeElasticsearch, sink: ElasticsearchSink
) -> None:
    # The HTTP library repeats a request by itself when a kept connection breaks, so it breaks twice.
    fake.script += [server.lose_answer, server.lose_answer]
    assert await sink.deliver(make_entries(0, 4)) == Delivery(0, blocked="Elasticsearch cannot be reached.")
    assert await sink.deliver(make_entries(0, 4)) == Delivery(4)
    assert fake.sequences() == [0, 1, 2, 3]


async def test_no_answer_in_time_is_an_unknown_outcome(fake: FakeElasticsearch) -> None:
    sink = open_elasticsearch(fake.url, origin=ORIGIN, timeout=0.2)
    released = asyncio.Event()
    fake.script.append(server.hang_after_doing(released))
    assert await sink.deliver(make_entries(0, 2)) == Delivery(
        0, blocked="Elasticsearch did not answer in time."
    )
    released.set()
    assert isinstance(sink._cluster, ClientCluster)
    sink._cluster._client = sink._cluster._client.options(request_timeout=PATIENCE)
    assert await sink.deliver(make_entries(0, 2)) == Delivery(2)
    assert fake.sequences() == [0, 1]
    await sink.close()


async def test_a_batch_that_is_too_large_is_halved(fake: FakeElasticsearch, sink: ElasticsearchSink) -> None:
    fake.script += [server.too_large(3)] * 3
    assert await sink.deliver(make_entries(0, 8)) == Delivery(8)
    assert fake.batches == [8, 4, 2, 2, 2, 2]


async def test_larger_batches_are_tried_again(fake: FakeElasticsearch, sink: ElasticsearchSink) -> None:
    """What was too large may have been a few entries, or a limit that was raised since."""
    fake.script.append(server.too_large(5))
    for first in range(0, 8 * GROW_AFTER, 8):
        assert await sink.deliver(make_entries(first, first + 8)) == Delivery(8)
    assert fake.batches[:3] == [8, 4, 4]
    assert set(fake.batches[1:]) == {4}
    assert await sink.deliver(make_entries(8 * GROW_AFTER, 8 * GROW_AFTER + 8)) == Delivery(8)
    assert fake.batches[-1] == 8


async def test_one_entry_that_is_too_large_blocks(fake: FakeElasticsearch, sink: ElasticsearchSink) -> None:
    fake.script.append(server.refused(413))
    delivery = await sink.deliver([make_entry(0)])
    assert delivery == Delivery(0, blocked="One entry is larger than Elasticsearch accepts (413).")


async def test_nothing_is_shipped_without_the_mapping(
    fake: FakeElasticsearch, sink: ElasticsearchSink
) -> None:
    fake.absent["put_template"] = 405
    delivery = await sink.deliver([make_entry(0)])
    assert delivery.blocked == "Something needed is not available in this Elasticsearch (405)."
    assert fake.batches == []


async def test_after_a_doubt_the_template_is_put_again(
    fake: FakeElasticsearch, sink: ElasticsearchSink
) -> None:
    await sink.deliver([make_entry(0)])
    fake.script.append(server.refused(503))
    await sink.deliver([make_entry(1)])
    fake.templates.clear()
    await sink.deliver([make_entry(1)])
    assert list(fake.templates) == ["guildhall-audit-v1"]


async def test_nobody_there_is_one_sentence(fake: FakeElasticsearch) -> None:
    sink = open_elasticsearch("http://127.0.0.1:9", origin=ORIGIN)
    assert await sink.deliver([make_entry(0)]) == Delivery(0, blocked="Elasticsearch cannot be reached.")
    assert await sink.ping() == Health(ok=False, sentence="Elasticsearch cannot be reached.")
    await sink.close()


async def test_no_sentence_shows_the_secret(fake: FakeElasticsearch) -> None:
    sink = open_elasticsearch("http://127.0.0.1:9", origin=ORIGIN, basic_auth=("ship", "hunter2"))
    assert "hunter2" not in f"{await sink.deliver([make_entry(0)])}{await sink.ping()}"
    await sink.close()


@pytest.mark.parametrize("status", [400, 405])
async def test_a_health_endpoint_that_is_absent_is_no_failure(
    fake: FakeElasticsearch, sink: ElasticsearchSink, status: int
) -> None:
    fake.absent["health"] = status
    assert await sink.ping() == Health(ok=True, sentence="Elasticsearch can be written.", next_index=0)


@pytest.mark.parametrize("lacks_histogram", [False, True])
async def test_counts_with_and_without_the_aggregation(
    fake: FakeElasticsearch, sink: ElasticsearchSink, lacks_histogram: bool
) -> None:
    if lacks_histogram:
        fake.absent["histogram"] = 400
    await sink.deliver([*make_entries(0, 5), *make_entries(7, 12), make_entry(30)])
    census = await sink.count(10, 4)
    assert {start: number for start, number in census.buckets.items() if number} == {0: 4, 4: 2, 8: 2}
    assert census.beyond == 3
    assert await sink.indexes(4, 8) == [4, 7]


async def test_another_log_in_the_same_cluster_is_not_counted(
    fake: FakeElasticsearch, sink: ElasticsearchSink
) -> None:
    other = open_elasticsearch(fake.url, origin="other.test/audit/log")
    await other.deliver(make_entries(0, 9))
    await sink.deliver(make_entries(0, 2))
    assert (await sink.ping()).next_index == 2
    assert (await other.ping()).next_index == 9
    await other.close()


async def test_the_root_address_is_never_asked(fake: FakeElasticsearch, sink: ElasticsearchSink) -> None:
    await sink.ping()
    await sink.deliver([make_entry(0)])
    assert "_handle" not in fake.asked


async def test_the_original_gives_the_leaf_hash_again(
    fake: FakeElasticsearch, sink: ElasticsearchSink
) -> None:
    entry = make_entry(5)
    await sink.deliver([entry])
    (document,) = fake.documents.values()
    assert replace(entry, head=document["event"]["original"].encode()) == entry
    assert orjson.loads(entry.head)["action"] == document["event"]["action"]
