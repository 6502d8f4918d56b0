"""What Elasticsearch already keeps under our ids, and whether that is what the log says."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from audit import ecs
from audit.sinks.cluster import Answer, Cluster, ClusterError, read_answer
from audit.sinks.layout import Layout
from audit.sinks.port import Shipment
from audit.sinks.prepared import Prepared
from audit.sinks.searches import by_ids

STATED: Final = ["event.hash", "event.original"]

Found = tuple[str, Mapping[str, Any]]
"""An id, and what the document under it states."""


class Held:
    """Asks for documents by id."""

    def __init__(self, cluster: Cluster, layout: Layout) -> None:
        self._cluster = cluster
        self._layout = layout

    async def find(self, wanted: Sequence[Prepared]) -> set[str]:
        """Return the ids among ``wanted`` that are held somewhere.

        Raises:
            ClusterError: it cannot be asked now.
        """
        return {identity for identity, _ in await self._search(wanted)}

    async def differing(self, existing: Sequence[Prepared]) -> Sequence[int]:
        """Return the indexes of ``existing`` under whose id another document is kept than the log's.

        Raises:
            ClusterError: it cannot be asked now, or a document is gone.
        """
        if self._layout.stream:
            return compare(existing, await self._search(existing))
        return compare(
            existing, await self._get(existing, [self._layout.place(x.entry.index) for x in existing])
        )

    async def differing_apart(self, existing: Sequence[Prepared]) -> Sequence[int]:
        """Return the same of the entries set aside.

        Raises:
            ClusterError: it cannot be asked now, or a document is gone.
        """
        return compare(existing, await self._get(existing, [self._layout.quarantine] * len(existing)))

    async def _get(self, existing: Sequence[Prepared], places: Sequence[str]) -> list[Found]:
        # By id, so as it is now and not as of the last refresh.
        wanted = [
            {"_index": place, "_id": one.id, "_source": STATED}
            for one, place in zip(existing, places, strict=True)
        ]
        return read_answer(read_documents, await self._cluster.get(wanted))

    async def _search(self, wanted: Sequence[Prepared]) -> list[Found]:
        # A data stream has no get by id; its backing indices may hold the same id more than once.
        await self._cluster.refresh(self._layout.pattern)
        search = by_ids([one.id for one in wanted], STATED)
        return read_answer(read_hits, await self._cluster.search(self._layout.pattern, search))


def compare(existing: Sequence[Prepared], found: Sequence[Found]) -> Sequence[int]:
    """Return the indexes of ``existing`` of which one document found states something else than the log.

    Raises:
        ClusterError: there is none for one of them.
    """
    stated: dict[str, list[Mapping[str, Any]]] = {}
    for identity, source in found:
        stated.setdefault(identity, []).append(source)
    gone = [one.entry.index for one in existing if one.id not in stated]
    if gone:
        raise ClusterError(f"Entry {gone[0]} vanished from Elasticsearch while it was compared.")
    return [
        one.entry.index for one in existing if not all(states(source, one.entry) for source in stated[one.id])
    ]


def states(source: Mapping[str, Any], entry: Shipment) -> bool:
    """Whether a document's leaf hash and original are those of ``entry``."""
    same = ecs.stated_leaf(source) == entry.leaf.hex()
    return same and ecs.stated_original(source) == ecs.original_text(entry.head)


def read_documents(answer: Answer) -> list[Found]:
    """Return what an answer to ``_mget`` found."""
    return [(one["_id"], one["_source"]) for one in answer["docs"] if one.get("found")]


def read_hits(answer: Answer) -> list[Found]:
    """Return what a search found."""
    return [(hit["_id"], hit["_source"]) for hit in answer["hits"]["hits"]]
