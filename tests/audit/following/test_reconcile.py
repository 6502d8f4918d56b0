from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from audit.following.reconcile import Reconciliation, join_ranges, reconcile
from audit.sinks import SinkError
from audit.sinks.elasticsearch import open_elasticsearch
from audit.sinks.indexed import ElasticsearchSink
from tests.audit.sinks import fake_elasticsearch as server
from tests.audit.sinks.entries import ORIGIN, make_entries
from tests.audit.sinks.fake_elasticsearch import FakeElasticsearch
from tests.audit.sinks.signed_log import SignedLog, open_log

pytestmark = pytest.mark.slow

SIZE = 2_500


@pytest.fixture
async def log(tmp_path: Path) -> AsyncIterator[SignedLog]:
    async with open_log(tmp_path) as opened:
        await opened.grow(SIZE)
        yield opened


@pytest.fixture
async def fake() -> AsyncIterator[FakeElasticsearch]:
    made = FakeElasticsearch()
    runner = await server.start(made)
    yield made
    await runner.cleanup()


@pytest.fixture
async def sink(fake: FakeElasticsearch) -> AsyncIterator[ElasticsearchSink]:
    made = open_elasticsearch(fake.url, origin=ORIGIN)
    assert (await made.deliver(make_entries(0, SIZE))).acknowledged == SIZE
    yield made
    await made.close()


@pytest.mark.parametrize("lacks_histogram", [False, True])
async def test_a_whole_copy_is_exact(
    log: SignedLog, fake: FakeElasticsearch, sink: ElasticsearchSink, lacks_histogram: bool
) -> None:
    if lacks_histogram:
        fake.absent["histogram"] = 400
    found = await reconcile(log.engine, sink)
    assert found == Reconciliation(SIZE, SIZE, missing=(), extra=0)
    assert found.exact


async def test_missing_entries_are_named(
    log: SignedLog, fake: FakeElasticsearch, sink: ElasticsearchSink
) -> None:
    for index in (0, 998, 999, 1_000, 2_499):
        del fake.documents["guildhall-audit-v1-000000", f"{ORIGIN}-{index:016x}"]
    found = await reconcile(log.engine, sink)
    missing = ((0, 0), (998, 1_000), (2_499, 2_499))
    assert found == Reconciliation(SIZE, SIZE - 5, missing=missing, extra=0)
    assert not found.exact


async def test_repeated_and_invented_entries_are_counted(
    log: SignedLog, fake: FakeElasticsearch, sink: ElasticsearchSink
) -> None:
    original = fake.documents["guildhall-audit-v1-000000", f"{ORIGIN}-{7:016x}"]
    fake.documents["guildhall-audit-v1-000000", "forged"] = original
    await sink.deliver(make_entries(SIZE, SIZE + 2))
    found = await reconcile(log.engine, sink)
    assert found == Reconciliation(SIZE, SIZE + 3, missing=(), extra=3)


async def test_an_empty_sink_lacks_everything(
    log: SignedLog, fake: FakeElasticsearch, sink: ElasticsearchSink
) -> None:
    fake.documents.clear()
    assert await reconcile(log.engine, sink) == Reconciliation(SIZE, 0, missing=((0, SIZE - 1),), extra=0)


async def test_a_sink_that_cannot_be_asked_is_an_error_and_not_a_difference(log: SignedLog) -> None:
    sink = open_elasticsearch("http://127.0.0.1:9", origin=ORIGIN)
    with pytest.raises(SinkError, match="cannot be reached"):
        await reconcile(log.engine, sink)
    await sink.close()


def test_ranges_join_neighbours() -> None:
    assert join_ranges([]) == ()
    assert join_ranges([1, 2, 3, 7, 9, 10]) == ((1, 3), (7, 7), (9, 10))
