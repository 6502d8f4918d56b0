"""What only a real node can show: its own refusals, its write block, its mapping."""

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
from elasticsearch import AsyncElasticsearch

from audit.sinks import Delivery
from audit.sinks.elasticsearch import open_elasticsearch
from audit.sinks.indexed import ElasticsearchSink
from tests.audit.sinks.entries import ACTOR, ORIGIN, make_entries
from tests.patience import PATIENCE

pytestmark = pytest.mark.real


@pytest.fixture
def prefix() -> str:
    return f"itself-{uuid4()}"


@pytest.fixture
async def sink(elasticsearch_url: str, prefix: str) -> AsyncIterator[ElasticsearchSink]:
    made = open_elasticsearch(elasticsearch_url, origin=ORIGIN, prefix=prefix)
    yield made
    await made.close()


@pytest.fixture
async def client(elasticsearch_url: str) -> AsyncIterator[AsyncElasticsearch]:
    made = AsyncElasticsearch(elasticsearch_url, request_timeout=PATIENCE)
    yield made
    await made.close()


async def test_the_fields_are_searchable_as_mapped(
    sink: ElasticsearchSink, client: AsyncElasticsearch, prefix: str
) -> None:
    await sink.deliver(make_entries(0, 9))
    await sink.ping()
    filters = [{"term": {"user.id": str(ACTOR)}}, {"term": {"guildhall.outcome": "denied"}}]
    answer = await client.count(index=f"{prefix}-*", query={"bool": {"filter": filters}})
    assert answer["count"] == 6
    mapping = (await client.indices.get_mapping(index=f"{prefix}-000000"))[f"{prefix}-000000"]["mappings"]
    assert mapping["dynamic"] == "false"


async def test_a_conflict_with_an_older_mapping_is_quarantined_and_counted(
    sink: ElasticsearchSink, client: AsyncElasticsearch, prefix: str
) -> None:
    conflict = {"properties": {"guildhall": {"properties": {"producer": {"type": "ip"}}}}}
    await client.indices.create(index=f"{prefix}-000000", mappings=conflict)
    assert await sink.deliver(make_entries(0, 3)) == Delivery(3, quarantined=(0, 1, 2))
    assert (await sink.ping()).next_index == 3
    assert (await client.count(index=f"{prefix}-quarantine"))["count"] == 3


async def test_a_write_block_stops_and_its_end_goes_on(
    sink: ElasticsearchSink, client: AsyncElasticsearch, prefix: str
) -> None:
    await sink.deliver(make_entries(0, 2))
    await client.indices.put_settings(index=f"{prefix}-000000", settings={"index.blocks.write": True})
    delivery = await sink.deliver(make_entries(2, 5))
    assert delivery == Delivery(
        0, blocked="Elasticsearch did not take entry 2: cluster_block_exception (403)."
    )
    await client.indices.put_settings(index=f"{prefix}-000000", settings={"index.blocks.write": False})
    assert await sink.deliver(make_entries(2, 5)) == Delivery(3)
    assert sorted(await sink.indexes(0, 10)) == [0, 1, 2, 3, 4]


async def test_a_deleted_index_is_shipped_again(
    sink: ElasticsearchSink, client: AsyncElasticsearch, prefix: str
) -> None:
    await sink.deliver(make_entries(0, 5))
    await client.indices.delete(index=f"{prefix}-000000")
    assert (await sink.ping()).next_index == 0
    assert await sink.deliver(make_entries(0, 5)) == Delivery(5)
    assert (await sink.ping()).next_index == 5
