"""A real node forgets a person: their copies are written anew, and no byte of what stood there is left."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest

from audit.sinks.elasticsearch import open_elasticsearch
from audit.sinks.indexed import ElasticsearchSink
from audit.sinks.port import SinkError
from tests.audit.following.telling import ADDRESSES, AGENTS, YURI, ZELDA, Told, open_told
from tests.audit.log_store import ORIGIN, Store
from tests.faults.traces import find_traces
from tests.patience import PATIENCE, within
from tests.real.elasticsearch import ElasticsearchServer

pytestmark = [pytest.mark.real, pytest.mark.slow]

FORGOTTEN_SECONDS = 600.0
"""What it keeps for a replica to catch up, it lets go of each half minute, and that takes some of these."""


@pytest.fixture
async def followers(elasticsearch: ElasticsearchServer, tmp_path: Path) -> AsyncIterator[list[Told]]:
    """A log with plain indices, and one with a data stream."""
    opened = []
    for stream in (False, True):
        prefix = f"forgets-{uuid4()}"
        url = elasticsearch.url
        sink = open_elasticsearch(url, origin=ORIGIN, prefix=prefix, stream=stream, timeout=PATIENCE)
        folder = tmp_path / prefix
        folder.mkdir()
        opened.append(await open_told(await Store.open(folder), sink))
    yield opened
    for one in opened:
        await one.sink.close()
        await one.store.close()


async def test_no_byte_of_an_erased_person_is_left(
    followers: list[Told], elasticsearch: ElasticsearchServer
) -> None:
    data = [elasticsearch.folder / "data"]
    assert {AGENTS[ZELDA], AGENTS[YURI]} <= {word for _, word in find_traces(list(AGENTS.values()), data)}
    for told in followers:
        await told.erase(ZELDA)
        assert await told.forget(ZELDA) == 2
    async with within(FORGOTTEN_SECONDS):
        while sum([await left(told.sink) for told in followers]):  # noqa: ASYNC110 -- a node gives no event
            await asyncio.sleep(1)
    assert find_traces([AGENTS[ZELDA], ADDRESSES[ZELDA]], data) == []
    assert find_traces([AGENTS[YURI]], data) != []
    for told in followers:
        assert (await told.look()).exact
        assert (await told.sink.ping()).next_index == 4


async def left(sink: ElasticsearchSink) -> int:
    """Return how many deleted documents are left; a node that does not answer now has not let go yet."""
    try:
        return await sink.expunge()
    except SinkError:
        return 1
