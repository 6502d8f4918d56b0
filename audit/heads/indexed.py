"""Remembers heads as documents of an Elasticsearch index of their own, one for each size.

A document is only ever created: the same size with another root is not overwritten but told.
"""

import hashlib
from collections.abc import Callable, Mapping
from typing import Any, Final

from audit.checkpoints.checkpoint import Checkpoint
from audit.checkpoints.trust import Trust
from audit.errors import NoteError
from audit.heads.created import ABSENT, CONFLICT, CREATED, KEPT, KEYWORD, CreatedIndex
from audit.heads.port import KeeperError, SplitViewError
from audit.sinks.cluster import Answer, Cluster, ClusterError, read_answer

INDEX: Final = "guildhall-checkpoints-v1"
_AT_ONCE: Final = 20
_PROPERTIES: Final = {"log": KEYWORD, "size": {"type": "long"}, "root": KEYWORD, "note": KEPT}


class ElasticsearchKeeper:
    """An index of checkpoints; what is in it and is not signed by the log is passed over."""

    name = "The index of checkpoints in Elasticsearch"
    kind = "elasticsearch"

    def __init__(self, cluster: Cluster, origin: str, trust: Callable[[], Trust]) -> None:
        """``trust`` tells the log's keys."""
        self._cluster = cluster
        self._origin = hashlib.sha256(origin.encode()).hexdigest()
        self._trust = trust
        self._index = CreatedIndex(cluster, INDEX, _PROPERTIES)

    async def read(self) -> str | None:
        """Return the largest checkpoint remembered, as ``HeadKeeper`` says."""
        try:
            await self._cluster.refresh(INDEX)
            answer = await self._cluster.search(INDEX, self._largest())
        except ClusterError as error:
            if error.status == ABSENT:
                return None
            raise KeeperError(f"{self.name} cannot be asked: {error}") from None
        notes = _ask(lambda found: [str(hit["_source"]["note"]) for hit in found["hits"]["hits"]], answer)
        return next((note for note in notes if self._root(note) is not None), None)

    async def remember(self, note: str) -> None:
        """Remember a signed checkpoint, as ``HeadKeeper`` says."""
        fresh = self._trust().check(note.encode(), now=0, whole=False)
        await self._prepare()
        source = {"log": self._origin, "size": fresh.size, "root": fresh.root.hex(), "note": note}
        try:
            status = await self._index.create(self._id(fresh), source)
            if status == CONFLICT:
                await self._compare(fresh)
            elif status != CREATED:
                raise KeeperError(f"{self.name} refused a checkpoint with status {status}.")
        except ClusterError as error:
            raise KeeperError(f"{self.name} cannot be told: {error}") from None

    async def _prepare(self) -> None:
        try:
            await self._index.prepare()
        except ClusterError as error:
            raise KeeperError(f"{self.name} cannot be made: {error}") from None

    async def close(self) -> None:
        """Close the connections."""
        await self._cluster.close()

    async def _compare(self, fresh: Checkpoint) -> None:
        answer = await self._cluster.get([{"_index": INDEX, "_id": self._id(fresh)}])
        held = _ask(lambda found: str(found["docs"][0]["_source"]["note"]), answer)
        root = self._root(held)
        if root is None:
            raise KeeperError(f"{self.name} holds something else under the size {fresh.size}.")
        if root != fresh.root:
            raise SplitViewError(self.name, fresh.size, held)

    def _id(self, fresh: Checkpoint) -> str:
        return f"{self._origin[:32]}-{fresh.size:016x}"

    def _largest(self) -> Mapping[str, Any]:
        mine = {"term": {"log": self._origin}}
        return {"query": mine, "sort": [{"size": "desc"}], "size": _AT_ONCE}

    def _root(self, note: str) -> bytes | None:
        try:
            return self._trust().check(note.encode(), now=0, whole=False).root
        except NoteError:
            return None


def _ask(reader: Callable[[Answer], Any], answer: Answer) -> Any:  # noqa: ANN401 - as the reader makes it
    try:
        return read_answer(reader, answer)
    except ClusterError as error:
        raise KeeperError(f"{ElasticsearchKeeper.name}: {error}") from None
