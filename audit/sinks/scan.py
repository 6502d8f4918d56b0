"""Every document of a log, read once and in order: a point in time, then page after page.

Source: https://www.elastic.co/docs/reference/elasticsearch/rest-apis/paginate-search-results. Documents that
name no log are read too: taking the name away would hide them from a search for it.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Final

from audit.sinks.cluster import Answer, Cluster, ClusterError, read_answer
from audit.sinks.copies import BEHIND, Copy
from audit.sinks.layout import Layout
from audit.sinks.mapping import document_id
from audit.sinks.port import SinkError
from audit.sinks.searches import SEQUENCE, everything_of

PAGE: Final = 2_000


async def scan(
    cluster: Cluster, layout: Layout, *, origin: str, page: int = PAGE
) -> AsyncIterator[Sequence[Copy]]:
    """Yield the copies of the log ``origin``, by the index they state; at most two pages are in memory.

    Raises:
        SinkError: the cluster cannot be asked now.
    """
    try:
        await cluster.refresh(layout.pattern)
        pit = await cluster.open_pit(layout.pattern)
        try:
            async for answer in _pages(cluster, pit, everything_of(origin, page)):
                yield [read_copy(hit, layout, origin) for hit in answer]
        finally:
            await cluster.close_pit(pit)
    except ClusterError as error:
        raise SinkError(str(error)) from None


async def _pages(
    cluster: Cluster, pit: str, search: dict[str, Any]
) -> AsyncIterator[Sequence[Mapping[str, Any]]]:
    """Yield the hits page by page; the next page is on its way while one is looked at."""
    asked = asyncio.ensure_future(cluster.search_pit(pit, search))
    try:
        while hits := read_answer(_hits, await asked):
            if len(hits) < search["size"]:
                yield hits
                return
            asked = asyncio.ensure_future(
                cluster.search_pit(pit, {**search, "search_after": hits[-1]["sort"]})
            )
            yield hits
    finally:
        if not asked.done():
            asked.cancel()
            await asyncio.gather(asked, return_exceptions=True)


def read_copy(hit: Mapping[str, Any], layout: Layout, origin: str) -> Copy:
    """Return the copy a hit shows."""
    source, identity = hit["_source"], hit["_id"]
    event = source.get("event")
    index = event.get("sequence") if isinstance(event, Mapping) else None
    if type(index) is not int or not 0 <= index < BEHIND:
        return Copy(BEHIND, identity, source, in_place=False)
    apart = layout.is_quarantine(hit["_index"])
    return Copy(index, identity, source, apart, in_place=identity == document_id(origin, index))


def _hits(answer: Answer) -> Sequence[Mapping[str, Any]]:
    hits: Sequence[Mapping[str, Any]] = answer["hits"]["hits"]
    if hits and SEQUENCE and "sort" not in hits[-1]:
        raise LookupError
    return hits
