"""What an Elasticsearch cluster holds of one log: how far, how many per bucket, which exactly."""

import logging
from collections.abc import Sequence

from audit.sinks.cluster import ABSENT, Cluster, ClusterError, read_answer
from audit.sinks.port import Census, Health, SinkError
from audit.sinks.searches import held, newest, per_bucket, read_buckets, read_indexes, within

logger = logging.getLogger(__name__)
MAX_BUCKETS = 5_000
"""Per request; a cluster refuses more than 65,536 (``search.max_buckets``)."""


class Tally:
    """Counts the documents of the log ``origin`` in the indices that match ``pattern``."""

    def __init__(self, cluster: Cluster, *, origin: str, pattern: str) -> None:
        self._cluster = cluster
        self._origin = origin
        self._pattern = pattern

    async def ping(self) -> Health:
        """Say how the cluster is, and how far it holds the log."""
        try:
            trouble = await self._find_trouble()
            sentence = trouble or "Elasticsearch can be written."
            return Health(ok=trouble is None, sentence=sentence, next_index=await self.find_end())
        except ClusterError as error:
            return Health(ok=False, sentence=str(error))

    async def count(self, size: int, step: int) -> Census:
        """Count the documents of entries below ``size`` in buckets of ``step`` indexes, and those beyond.

        Raises:
            SinkError: Elasticsearch cannot be asked now.
        """
        buckets: dict[int, int] = {}
        page = step * MAX_BUCKETS
        try:
            await self._cluster.refresh(self._pattern)
            for first in range(0, size, page):
                buckets |= await self._count_page(first, min(first + page, size), step)
            return Census(buckets, await self._count_span(size))
        except ClusterError as error:
            raise SinkError(str(error)) from None

    async def indexes(self, first: int, last: int) -> Sequence[int]:
        """Return the indexes held from ``first`` up to but not including ``last``, with repetitions.

        Raises:
            SinkError: Elasticsearch cannot be asked now.
        """
        try:
            await self._cluster.refresh(self._pattern)
            answer = await self._cluster.search(self._pattern, held(self._origin, first, last))
            return read_answer(read_indexes, answer)
        except ClusterError as error:
            raise SinkError(str(error)) from None

    async def find_end(self) -> int:
        """Return one more than the highest index held, 0 for none.

        Raises:
            ClusterError: Elasticsearch cannot be asked now.
        """
        await self._cluster.refresh(self._pattern)
        answer = await self._cluster.search(self._pattern, newest(self._origin))
        found = read_answer(read_indexes, answer)
        return found[0] + 1 if found else 0

    async def _find_trouble(self) -> str | None:
        try:
            answer = await self._cluster.health()
        except ClusterError as error:
            if error.status not in ABSENT:
                raise
            logger.info("Elasticsearch: the health endpoint is not available (%s).", error.status)
            return None
        return "Elasticsearch has lost shards: its status is red." if answer.get("status") == "red" else None

    async def _count_page(self, first: int, last: int, step: int) -> dict[int, int]:
        try:
            answer = await self._cluster.search(self._pattern, per_bucket(self._origin, first, last, step))
            return read_answer(read_buckets, answer)
        except ClusterError as error:
            if error.status not in ABSENT:
                raise
        logger.info(
            "Elasticsearch: the histogram aggregation is not available; buckets are counted one by one."
        )
        starts = range(first, last, step)
        return {start: await self._count_span(start, min(start + step, last)) for start in starts}

    async def _count_span(self, first: int, last: int | None = None) -> int:
        return await self._cluster.count(self._pattern, within(self._origin, first, last))
