"""Copies in Elasticsearch that hold details: found, written anew from the log, and their old bytes removed.

A copy is replaced only as it was seen (``if_seq_no``), so nothing else than what was judged is overwritten.
An overwritten document stays in its segment until a merge, and a merge leaves segments alone that hold few of
them: the share that may stay is set to nothing first. What Elasticsearch keeps for a replica to catch up goes
with a later merge, so it is asked again until none is left.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from audit import ecs
from audit.sinks.cluster import Answer, Cluster, ClusterError, read_answer
from audit.sinks.layout import Layout
from audit.sinks.mapping import document_id
from audit.sinks.port import Remake, Selection, Shipment, SinkError
from audit.sinks.prepared import rewrite_lines
from audit.sinks.searches import disclosed

AT_ONCE: Final = 500
_PLACE: Final = ("_index", "_seq_no", "_primary_term")


class Rewriting:
    """Writes copies of the log ``origin`` anew."""

    def __init__(self, cluster: Cluster, layout: Layout, *, origin: str) -> None:
        self._cluster = cluster
        self._layout = layout
        self._origin = origin
        self._unmerged = False

    async def rewrite(self, which: Selection, remake: Remake) -> int:
        """Write the selected copies anew, and return how many there were.

        Raises:
            SinkError: Elasticsearch cannot be asked now.
        """
        written, after = 0, -1
        try:
            await self._cluster.refresh(self._layout.pattern)
            while found := await self._find(which, after):
                self._unmerged = True
                await self._replace(found, await remake(sorted(found)))
                written, after = written + len(found), max(found)
        except ClusterError as error:
            raise SinkError(str(error)) from None
        return written

    async def expunge(self) -> int:
        """Merge away what was overwritten; return how many overwritten copies were kept until now.

        Raises:
            SinkError: Elasticsearch cannot be asked now.
        """
        try:
            await self._cluster.refresh(self._layout.pattern)
            kept = await self._cluster.count_deleted(self._layout.pattern)
            # Also when a merge of its own was quicker: the old segments go with the next commit only.
            if kept or self._unmerged:
                await self._cluster.expunge(self._layout.pattern)
                self._unmerged = kept > 0
        except ClusterError as error:
            raise SinkError(str(error)) from None
        return kept

    async def _find(self, which: Selection, after: int) -> dict[int, Mapping[str, Any]]:
        """Return the next copies behind the entry ``after``, by index."""
        search = disclosed(self._origin, which, after, AT_ONCE)
        return read_answer(_read, await self._cluster.search(self._layout.pattern, search))

    async def _replace(self, found: Mapping[int, Mapping[str, Any]], entries: Sequence[Shipment]) -> None:
        lines = [self._lines(found[entry.index], entry) for entry in entries]
        if not lines:
            return  # copies of entries the log does not hold: reconciling names them, nothing is made of them
        answer = await self._cluster.bulk(lines)
        if answer.get("errors"):
            raise ClusterError("Elasticsearch did not let every copy be written anew; it is asked again.")

    def _lines(self, hit: Mapping[str, Any], entry: Shipment) -> bytes:
        document = ecs.document(entry.index, entry.head, entry.leaf, origin=self._origin, told=entry.told)
        seen = (hit["_seq_no"], hit["_primary_term"])
        return rewrite_lines(hit["_index"], document_id(self._origin, entry.index), seen, document)


def _read(answer: Answer) -> dict[int, Mapping[str, Any]]:
    hits = answer["hits"]["hits"]
    if any(name not in hit for hit in hits for name in _PLACE):
        raise LookupError
    return {int(hit["fields"]["event.sequence"][0]): hit for hit in hits}
