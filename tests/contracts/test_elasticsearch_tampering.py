"""What somebody with the cluster's own rights can do to our documents, on a real node: each is named.

The rows with E of the catalogue of tampering: changed, deleted, created before us, index deleted, another
cluster in its place, an older snapshot restored; and the repetition that a rollover allows.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import orjson
import pytest
from elasticsearch import AsyncElasticsearch

from audit import ecs
from audit.checkpoints.checkpoint import Checkpoint
from audit.following.deep import DeepReconciliation, reconcile_deep
from audit.following.reconcile import Reconciliation, reconcile
from audit.following.shipper import Shipper
from audit.sinks.cursor import Position, State, read_position
from audit.sinks.elasticsearch import open_elasticsearch
from audit.sinks.indexed import ElasticsearchSink
from audit.tree import merkle
from tests.audit.sinks.entries import ORIGIN, make_entries, make_entry
from tests.audit.sinks.signed_log import SignedLog, open_log
from tests.patience import PATIENCE

pytestmark = pytest.mark.real

SIZE = 40
ALARM = "elasticsearch holds something else than the log as entry 4."


@dataclass
class Copied:
    """A log that a real node follows, and the node in the hands of somebody else."""

    log: SignedLog
    sink: ElasticsearchSink
    client: AsyncElasticsearch
    prefix: str
    url: str

    @property
    def index(self) -> str:
        return f"{self.prefix}-000000"

    def id(self, index: int) -> str:
        return f"{ORIGIN}-{index:016x}"

    async def ship(self, sink: ElasticsearchSink | None = None) -> Position:
        shipper = Shipper(self.log.engine, sink or self.sink, lambda: 0)
        while (await shipper.ship()).acknowledged:
            pass
        return await read_position(self.log.engine, self.sink.name)

    async def count(self) -> Reconciliation:
        return await reconcile(self.log.engine, self.sink)

    async def look(self) -> DeepReconciliation:
        root = merkle.root([one.leaf for one in make_entries(0, self.log.size)])
        return await reconcile_deep(self.log.engine, self.sink, Checkpoint(ORIGIN, self.log.size, root))


@pytest.fixture
async def copied(elasticsearch_url: str, tmp_path: Path) -> AsyncIterator[Copied]:
    prefix = f"tampered-{uuid4()}"
    sink = open_elasticsearch(elasticsearch_url, origin=ORIGIN, prefix=prefix)
    client = AsyncElasticsearch(elasticsearch_url, request_timeout=PATIENCE)
    async with open_log(tmp_path) as log:
        await log.grow(SIZE)
        yield Copied(log, sink, client, prefix, elasticsearch_url)
    await sink.close()
    await client.close()


async def test_the_signed_root_is_rebuilt_from_the_copies_alone(copied: Copied) -> None:
    assert await copied.ship() == Position(SIZE)
    found = await copied.look()
    assert (found.exact, found.root, found.total_sink) == (True, True, SIZE)


async def test_a_document_changed_in_place_is_named_although_the_counts_agree(copied: Copied) -> None:
    await copied.ship()
    changed = {"event": {"outcome": "success"}, "guildhall": {"outcome": "success"}}
    await copied.client.update(index=copied.index, id=copied.id(13), doc=changed)
    assert (await copied.count()).exact
    found = await copied.look()
    assert (found.exact, found.root, found.changed.names) == (False, True, [13])


async def test_a_document_changed_with_its_original_and_hash_breaks_the_root_and_is_named(
    copied: Copied,
) -> None:
    await copied.ship()
    forged = make_entry(13, variant=1)
    document = orjson.loads(orjson.dumps(ecs.document(13, forged.head, forged.leaf, origin=ORIGIN)))
    await copied.client.index(index=copied.index, id=copied.id(13), document=document)
    assert (await copied.count()).exact
    found = await copied.look()
    assert (found.exact, found.root, found.changed.names) == (False, False, [13])


async def test_a_deleted_document_is_named_by_counts_and_by_looking(copied: Copied) -> None:
    await copied.ship()
    await copied.client.delete(index=copied.index, id=copied.id(7))
    assert await copied.count() == Reconciliation(SIZE, SIZE - 1, missing=((7, 7),), extra=0)
    found = await copied.look()
    assert (found.root, found.missing.names) == (False, [(7, 7)])


async def test_an_added_document_is_counted_and_named(copied: Copied) -> None:
    await copied.ship()
    source = (await copied.client.get(index=copied.index, id=copied.id(7)))["_source"]
    await copied.client.index(index=copied.index, id="invented", document=source)
    assert (await copied.count()).extra == 1
    found = await copied.look()
    assert (found.root, found.added.names, found.exact) == (True, ["invented"], False)


async def test_a_document_created_before_us_under_our_id_is_an_alarm(copied: Copied) -> None:
    forged = make_entry(4, variant=1)
    document = orjson.loads(orjson.dumps(ecs.document(4, forged.head, forged.leaf, origin=ORIGIN)))
    await copied.sink.deliver([])
    await copied.client.index(index=copied.index, id=copied.id(4), document=document)
    assert await copied.ship() == Position(SIZE, State.ALARM, ALARM)
    assert (await copied.look()).changed.names == [4]


async def test_a_deleted_index_lacks_everything_and_is_shipped_again(copied: Copied) -> None:
    await copied.ship()
    await copied.client.indices.delete(index=copied.index)
    assert (await copied.count()).missing == ((0, SIZE - 1),)
    found = await copied.look()
    assert (found.root, found.missing.count) == (False, SIZE)
    assert await copied.ship() == Position(SIZE)
    assert (await copied.look()).exact


async def test_an_empty_cluster_in_its_place_lacks_everything_and_gets_everything(copied: Copied) -> None:
    await copied.ship()
    elsewhere = open_elasticsearch(copied.url, origin=ORIGIN, prefix=f"empty-{uuid4()}")
    assert (await reconcile(copied.log.engine, elsewhere)).missing == ((0, SIZE - 1),)
    assert await copied.ship(elsewhere) == Position(SIZE)
    assert (await reconcile(copied.log.engine, elsewhere)).exact
    await elsewhere.close()


async def test_an_older_snapshot_restored_lacks_what_came_since_and_gets_it(copied: Copied) -> None:
    await copied.ship()
    name = copied.prefix
    await copied.client.snapshot.create_repository(
        name=name, repository={"type": "fs", "settings": {"location": name}}
    )
    await copied.client.snapshot.create(
        repository=name, snapshot="older", indices=copied.index, wait_for_completion=True
    )
    await copied.log.grow(10)
    await copied.ship()
    assert (await copied.look()).exact
    await copied.client.indices.delete(index=copied.index)
    await copied.client.snapshot.restore(repository=name, snapshot="older", wait_for_completion=True)
    assert (await copied.count()).missing == ((SIZE, SIZE + 9),)
    assert (await copied.look()).missing.names == [(SIZE, SIZE + 9)]
    assert await copied.ship() == Position(SIZE + 10)
    assert (await copied.look()).exact


async def test_an_older_snapshot_of_a_forged_index_is_named(copied: Copied) -> None:
    """Somebody prepares a snapshot with one document changed, and restores it in place of the index."""
    await copied.ship()
    name = copied.prefix
    await copied.client.update(index=copied.index, id=copied.id(3), doc={"user": {"id": "nobody"}})
    await copied.client.snapshot.create_repository(
        name=name, repository={"type": "fs", "settings": {"location": name}}
    )
    await copied.client.snapshot.create(
        repository=name, snapshot="forged", indices=copied.index, wait_for_completion=True
    )
    await copied.client.indices.delete(index=copied.index)
    await copied.client.snapshot.restore(repository=name, snapshot="forged", wait_for_completion=True)
    assert (await copied.look()).changed.names == [3]


async def test_a_stream_repeats_nothing_after_a_rollover_and_what_was_repeated_is_named(
    copied: Copied,
) -> None:
    stream = open_elasticsearch(copied.url, origin=ORIGIN, prefix=copied.prefix, stream=True)
    name = f"{copied.prefix}-stream"
    assert await copied.ship(stream) == Position(SIZE)
    await copied.client.indices.rollover(alias=name)
    again = open_elasticsearch(copied.url, origin=ORIGIN, prefix=copied.prefix, stream=True)
    assert (await again.deliver(make_entries(10, SIZE))).acknowledged == SIZE - 10
    assert (await copied.count()).exact
    assert (await copied.look()).exact
    # The stream itself would have taken an entry a second time under the same id:
    entry = make_entry(20)
    document = orjson.loads(orjson.dumps(ecs.document(20, entry.head, entry.leaf, origin=ORIGIN)))
    await copied.client.create(index=name, id=copied.id(20), document=document)
    assert (await copied.count()).extra == 1
    assert (await copied.look()).added.names == [copied.id(20)]
    await stream.close()
    await again.close()
