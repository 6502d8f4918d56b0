"""The follower that keeps documents in indices: create-only, with ids fixed by the entry's index.

Per entry: created is stored; there already is compared by its leaf hash, and a difference is an alarm;
refused fields go to quarantine with the original only, so that the count stays exact; everything else stops
the batch, which is sent again with the same ids. A request without an answer may have arrived, and counts as
one that did not.
"""

from collections.abc import Mapping, Sequence
from http import HTTPStatus

import orjson

from audit import ecs
from audit.errors import HeadError
from audit.sinks.bulk import UNANSWERED, Item, Verdict, read_items
from audit.sinks.cluster import Answer, Cluster, ClusterError, read_answer
from audit.sinks.mapping import document_id, index_name, quarantine_name
from audit.sinks.port import Census, Delivery, Health, Shipment
from audit.sinks.tally import Tally

MAX_BATCH = 250
"""Entries per request. A document has at most some 3.5 kB, and a body of 1 MiB would hold up the loop."""


class ElasticsearchSink:
    """Ships to plain indices named by index range.

    Args:
        cluster: where to.
        origin: the log's name, part of every ``_id``.
        prefix: the start of every index name.
        name: the key of the cursor.
    """

    def __init__(self, cluster: Cluster, *, origin: str, prefix: str, name: str) -> None:
        self._cluster = cluster
        self._origin = origin
        self._prefix = prefix
        self._name = name
        self._tally = Tally(cluster, origin=origin, pattern=f"{prefix}-*")
        self._prepared = False
        self._limit = MAX_BATCH

    @property
    def name(self) -> str:
        """The key of its cursor."""
        return self._name

    async def close(self) -> None:
        """Close the connections."""
        await self._cluster.close()

    async def ping(self) -> Health:
        """Say how the cluster is, and how far it holds this log."""
        return await self._tally.ping()

    async def count(self, size: int, step: int) -> Census:
        """Count the documents of entries below ``size``, and those beyond.

        Raises:
            SinkError: Elasticsearch cannot be asked now.
        """
        return await self._tally.count(size, step)

    async def indexes(self, first: int, last: int) -> Sequence[int]:
        """Return the indexes held from ``first`` up to but not including ``last``, with repetitions.

        Raises:
            SinkError: Elasticsearch cannot be asked now.
        """
        return await self._tally.indexes(first, last)

    async def deliver(self, entries: Sequence[Shipment]) -> Delivery:
        """Create the documents that are not there yet, and compare those that are."""
        done = Delivery(0)
        while done.acknowledged < len(entries) and done.blocked is None:
            first = done.acknowledged
            done = extend(done, await self._deliver_chunk(entries[first : first + self._limit]))
        # After any doubt the cluster may be another, empty one: its template is put again.
        self._prepared = self._prepared and done.blocked is None
        return done

    async def _deliver_chunk(self, chunk: Sequence[Shipment]) -> Delivery:
        try:
            await self._prepare()
            return await self._settle(chunk, await self._create(chunk))
        except ClusterError as error:
            if error.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE and len(chunk) > 1:
                self._limit = len(chunk) // 2
                return Delivery(0)
            return Delivery(0, blocked=str(error))

    async def _prepare(self) -> None:
        if not self._prepared:
            await self._cluster.put_template(self._prefix)
            self._prepared = True

    async def _create(self, chunk: Sequence[Shipment]) -> dict[str, Item]:
        """Send the batch, and return the outcome of each entry by its document's id."""
        operations: list[bytes] = []
        unreadable: dict[str, Item] = {}
        for entry in chunk:
            try:
                document = ecs.document(entry.index, entry.head, entry.leaf, origin=self._origin)
            except HeadError as error:
                unreadable[self._id(entry)] = Item(Verdict.REFUSED, str(error))
            else:
                operations += self._operation(index_name(self._prefix, entry.index), entry, document)
        answered = await self._bulk(operations) if operations else {}
        return {**answered, **unreadable}

    async def _settle(self, chunk: Sequence[Shipment], items: Mapping[str, Item]) -> Delivery:
        """Follow up on the outcomes, up to the first entry that was not taken."""
        outcomes = [items.get(self._id(entry), UNANSWERED) for entry in chunk]
        blocks = [place for place, item in enumerate(outcomes) if item.verdict is Verdict.BLOCKED]
        taken = list(zip(chunk, outcomes, strict=True))[: blocks[0] if blocks else None]
        existing = [entry for entry, item in taken if item.verdict is Verdict.EXISTS]
        refused = [entry for entry, item in taken if item.verdict is Verdict.REFUSED]
        await self._quarantine(refused)
        return Delivery(
            acknowledged=len(taken),
            quarantined=tuple(entry.index for entry in refused),
            tampered=await self._compare(existing),
            blocked=f"Elasticsearch did not take entry {chunk[blocks[0]].index}: {outcomes[blocks[0]].error}."
            if blocks
            else None,
        )

    async def _compare(self, existing: Sequence[Shipment]) -> tuple[int, ...]:
        """Return the indexes under which another document is kept than the log's."""
        if not existing:
            return ()
        wanted = [
            {
                "_index": index_name(self._prefix, entry.index),
                "_id": self._id(entry),
                "_source": ["event.hash"],
            }
            for entry in existing
        ]
        answer = await self._cluster.get(wanted)
        found = read_answer(read_found, answer)
        gone = [entry.index for entry in existing if self._id(entry) not in found]
        if gone:
            raise ClusterError(f"Entry {gone[0]} vanished from Elasticsearch while it was compared.")
        return tuple(entry.index for entry in existing if found[self._id(entry)] != entry.leaf.hex())

    async def _quarantine(self, refused: Sequence[Shipment]) -> None:
        """Keep the originals of ``refused``, so that the count stays exact."""
        if not refused:
            return
        operations: list[bytes] = []
        for entry in refused:
            document = ecs.original_only(entry.index, entry.head, entry.leaf, origin=self._origin)
            operations += self._operation(quarantine_name(self._prefix), entry, document)
        items = await self._bulk(operations)
        kept = {Verdict.STORED, Verdict.EXISTS}
        lost = [
            entry.index for entry in refused if items.get(self._id(entry), UNANSWERED).verdict not in kept
        ]
        if lost:
            raise ClusterError(f"Elasticsearch did not take entry {lost[0]} into quarantine.")

    async def _bulk(self, operations: Sequence[bytes]) -> dict[str, Item]:
        return read_items(await self._cluster.bulk(operations))

    def _operation(self, index: str, entry: Shipment, document: dict[str, object]) -> tuple[bytes, bytes]:
        action = {"create": {"_index": index, "_id": self._id(entry)}}
        return orjson.dumps(action), orjson.dumps(document)

    def _id(self, entry: Shipment) -> str:
        return document_id(self._origin, entry.index)


def read_found(answer: Answer) -> dict[str, str | None]:
    """Return the leaf hash that each document found states, by its id."""
    found = (document for document in answer["docs"] if document.get("found"))
    return {document["_id"]: ecs.stated_leaf(document["_source"]) for document in found}


def extend(done: Delivery, more: Delivery) -> Delivery:
    """Return what ``done`` and then ``more`` came to."""
    return Delivery(
        acknowledged=done.acknowledged + more.acknowledged,
        quarantined=done.quarantined + more.quarantined,
        tampered=done.tampered + more.tampered,
        blocked=more.blocked,
    )
