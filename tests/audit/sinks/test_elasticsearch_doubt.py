"""Outcomes that nobody was told of, requests under way together, and the data stream, where ids repeat."""

import asyncio
from collections.abc import AsyncIterator
from copy import deepcopy

import pytest

from audit.following.reconcile import Reconciliation, reconcile
from audit.sinks import Delivery
from audit.sinks.elasticsearch import open_elasticsearch
from audit.sinks.indexed import ElasticsearchSink
from audit.sinks.layout import Layout
from audit.sinks.prepared import MAX_BYTES, cut
from tests.audit.sinks import fake_elasticsearch as server
from tests.audit.sinks.entries import ORIGIN, make_entries, make_entry, make_unreadable
from tests.audit.sinks.fake_elasticsearch import FakeElasticsearch
from tests.audit.sinks.signed_log import open_log
from tests.patience import PATIENCE

STREAM = "guildhall-audit-v1-stream"


@pytest.fixture
async def fake() -> AsyncIterator[FakeElasticsearch]:
    made = FakeElasticsearch()
    runner = await server.start(made)
    yield made
    await runner.cleanup()


@pytest.fixture
async def plain(fake: FakeElasticsearch) -> AsyncIterator[ElasticsearchSink]:
    made = open_elasticsearch(fake.url, origin=ORIGIN, timeout=PATIENCE)
    yield made
    await made.close()


@pytest.fixture
async def stream(fake: FakeElasticsearch) -> AsyncIterator[ElasticsearchSink]:
    made = open_elasticsearch(fake.url, origin=ORIGIN, stream=True, timeout=PATIENCE)
    yield made
    await made.close()


def key(index: int) -> tuple[str, str]:
    return "guildhall-audit-v1-000000", f"{ORIGIN}-{index:016x}"


async def test_a_connection_reset_in_the_middle_of_the_answer_is_an_unknown_outcome(
    fake: FakeElasticsearch, plain: ElasticsearchSink
) -> None:
    fake.script.append(server.break_off)
    assert await plain.deliver(make_entries(0, 4)) == Delivery(0, blocked="Elasticsearch cannot be reached.")
    assert fake.sequences() == [0, 1, 2, 3]
    assert await plain.deliver(make_entries(0, 4)) == Delivery(4)
    assert fake.sequences() == [0, 1, 2, 3]


async def test_the_flood_stage_of_a_full_disk_stops_the_batch(
    fake: FakeElasticsearch, plain: ElasticsearchSink
) -> None:
    fake.script.append(server.items_fail(dict.fromkeys(range(3), (429, "cluster_block_exception"))))
    said = "Elasticsearch did not take entry 0: cluster_block_exception (429)."
    assert await plain.deliver(make_entries(0, 3)) == Delivery(0, blocked=said)
    assert await plain.deliver(make_entries(0, 3)) == Delivery(3)


async def test_every_mix_of_outcomes_in_one_answer_ends_at_the_first_gap(
    fake: FakeElasticsearch, plain: ElasticsearchSink
) -> None:
    await plain.deliver([make_entry(1), make_entry(2, variant=1)])
    fake.script.append(
        server.items_fail(
            {
                3: (400, "document_parsing_exception"),
                5: (429, "es_rejected_execution_exception"),
                6: (503, "x"),
            }
        )
    )
    delivery = await plain.deliver(make_entries(0, 9))
    said = "Elasticsearch did not take entry 5: es_rejected_execution_exception (429)."
    assert delivery == Delivery(5, quarantined=(3,), tampered=(2,), blocked=said)


async def test_a_document_with_the_right_hash_and_another_original_is_an_alarm(
    fake: FakeElasticsearch, plain: ElasticsearchSink
) -> None:
    await plain.deliver(make_entries(0, 3))
    fake.documents[key(1)]["event"]["original"] += " "
    assert await plain.deliver(make_entries(0, 3)) == Delivery(3, tampered=(1,))


async def test_a_document_that_waits_in_quarantine_under_our_id_is_an_alarm(
    fake: FakeElasticsearch, plain: ElasticsearchSink
) -> None:
    fake.documents["guildhall-audit-v1-quarantine", key(1)[1]] = {"event": {"hash": "00"}, "guildhall": {}}
    assert await plain.deliver([make_entry(0), make_unreadable(1)]) == Delivery(
        2, quarantined=(1,), tampered=(1,)
    )


async def test_two_requests_are_under_way_and_no_more(
    fake: FakeElasticsearch, plain: ElasticsearchSink
) -> None:
    plain._limit = 10
    released = asyncio.Event()
    fake.script += [server.hang_after_doing(released)] * 2
    delivering = asyncio.create_task(plain.deliver(make_entries(0, 50)))
    async with asyncio.timeout(PATIENCE):
        while len(fake.batches) < 2:
            await asyncio.wait({delivering}, timeout=0.01)
    await asyncio.wait({delivering}, timeout=0.1)
    assert fake.batches == [10, 10]
    released.set()
    assert await delivering == Delivery(50)
    assert fake.batches == [10] * 5


async def test_what_is_under_way_behind_a_gap_is_not_acknowledged_and_found_again(
    fake: FakeElasticsearch, plain: ElasticsearchSink
) -> None:
    plain._limit = 10
    fake.script.append(server.items_fail({4: (503, "unavailable_shards_exception")}))
    delivery = await plain.deliver(make_entries(0, 30))
    assert (delivery.acknowledged, delivery.blocked is None) == (4, False)
    assert len(fake.batches) == 2
    assert await plain.deliver(make_entries(4, 30)) == Delivery(26)
    assert fake.sequences() == list(range(30))


def test_requests_are_cut_by_bytes_and_by_number() -> None:
    entries = make_entries(0, 2_500)
    pieces = list(cut(entries, origin=ORIGIN, layout=Layout("x")))
    sizes = [sum(len(one.lines or b"") + 1 for one in piece) for piece in pieces]
    assert max(sizes) <= MAX_BYTES
    assert min(sizes[:-1]) > MAX_BYTES - 5_000
    assert [one.entry.index for piece in pieces for one in piece] == list(range(2_500))
    assert [len(piece) for piece in cut(entries[:5], origin=ORIGIN, layout=Layout("x"), limit=2)] == [2, 2, 1]
    assert [len(piece) for piece in cut(entries[:2], origin=ORIGIN, layout=Layout("x"), size=10)] == [1, 1]


async def test_a_data_stream_has_a_template_with_its_failure_store(
    fake: FakeElasticsearch, stream: ElasticsearchSink
) -> None:
    assert await stream.deliver(make_entries(0, 5)) == Delivery(5)
    template = fake.templates[STREAM]
    assert template["index_patterns"] == [STREAM]
    assert template["template"]["data_stream_options"] == {"failure_store": {"enabled": True}}
    assert template["priority"] > fake.templates["guildhall-audit-v1"]["priority"]
    assert {index for index, _ in fake.documents} == {f".ds-{STREAM}-000001"}


async def test_what_went_to_the_failure_store_is_set_aside_although_it_was_called_created(
    fake: FakeElasticsearch, stream: ElasticsearchSink
) -> None:
    fake.script.append(server.divert([1]))
    assert await stream.deliver(make_entries(0, 3)) == Delivery(3, quarantined=(1,))
    assert ("guildhall-audit-v1-quarantine", key(1)[1]) in fake.documents
    assert fake.sequences() == [0, 1, 2]


async def test_a_batch_of_unknown_outcome_is_not_repeated_after_a_rollover(
    fake: FakeElasticsearch, stream: ElasticsearchSink
) -> None:
    await stream.deliver(make_entries(0, 3))
    fake.script += [server.lose_answer, server.lose_answer]
    assert (await stream.deliver(make_entries(3, 8))).acknowledged == 0
    fake.rollover(STREAM)
    assert await stream.deliver(make_entries(3, 10)) == Delivery(7)
    assert fake.sequences() == list(range(10))


async def test_another_process_asks_before_it_repeats_what_the_last_one_sent(
    fake: FakeElasticsearch, stream: ElasticsearchSink
) -> None:
    await stream.deliver(make_entries(0, 6))
    fake.rollover(STREAM)
    another = open_elasticsearch(fake.url, origin=ORIGIN, stream=True)
    assert await another.deliver(make_entries(2, 9)) == Delivery(7)
    assert fake.sequences() == list(range(9))
    await another.close()


async def test_an_id_that_a_stream_holds_with_something_else_is_an_alarm(
    fake: FakeElasticsearch, stream: ElasticsearchSink
) -> None:
    await stream.deliver([*make_entries(0, 2), make_entry(2, variant=1)])
    fake.rollover(STREAM)
    another = open_elasticsearch(fake.url, origin=ORIGIN, stream=True)
    assert await another.deliver(make_entries(0, 4)) == Delivery(4, tampered=(2,))
    await another.close()


async def test_a_stream_asks_nothing_while_nothing_is_in_doubt(
    fake: FakeElasticsearch, stream: ElasticsearchSink
) -> None:
    await stream.deliver(make_entries(0, 3))
    asked = fake.asked["search"]
    for first in range(3, 30, 3):
        await stream.deliver(make_entries(first, first + 3))
    assert fake.asked["search"] == asked


async def test_what_a_rollover_repeated_all_the_same_is_counted(
    fake: FakeElasticsearch, stream: ElasticsearchSink, tmp_path_factory: pytest.TempPathFactory
) -> None:
    async with open_log(tmp_path_factory.mktemp("log")) as log:
        await log.grow(12)
        await stream.deliver(make_entries(0, 12))
        late = deepcopy(fake.documents[f".ds-{STREAM}-000001", key(4)[1]])
        fake.documents[f".ds-{STREAM}-000002", key(4)[1]] = late
        assert await reconcile(log.engine, stream) == Reconciliation(12, 13, missing=(), extra=1)
