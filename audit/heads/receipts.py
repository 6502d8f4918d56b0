"""Keeps the receipts of erasures where heads are kept, off this host.

A receipt proves itself under the log's key, so nothing that a keeper says is believed: who can write there
cannot have anybody erased. Receipts are only ever created, as heads are.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Protocol, TypeVar
from uuid import UUID

from audit.heads.created import ABSENT, CONFLICT, CREATED, KEPT, KEYWORD, CreatedIndex, create_file
from audit.heads.port import KeeperError
from audit.sinks.cluster import Answer, Cluster, ClusterError, read_answer

INDEX: Final = "guildhall-erasures-v1"
_FOLDER: Final = "erased"
_SUFFIX: Final = ".tlog-proof"
_PAGE: Final = 500
_PROPERTIES: Final = {"log": KEYWORD, "event": KEYWORD, "receipt": KEPT}
T = TypeVar("T")


class ReceiptKeeper(Protocol):
    """Keeps receipts of one log. Nothing it says is believed before it is verified."""

    @property
    def name(self) -> str:
        """What people call it, stable and without secrets."""
        ...

    async def receipts(self) -> Sequence[bytes]:
        """Return everything that is kept for this log.

        Raises:
            KeeperError: it cannot be asked now.
        """
        ...

    async def keep(self, event: UUID, receipt: bytes) -> None:
        """Keep the receipt of the entry ``event``, durably; once more does no harm.

        Raises:
            KeeperError: it cannot be told now.
        """
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...


class ReceiptFolder:
    """A folder of files, such as a mount that can be written once and never changed."""

    def __init__(self, folder: Path, origin: str) -> None:
        self.name = f"The folder {folder}"
        self._folder = folder
        self._own = folder / _FOLDER / _digest(origin)[:32]

    async def receipts(self) -> Sequence[bytes]:
        """Return the files' contents, as ``ReceiptKeeper`` says."""
        return await self._in_thread(self._read)

    async def keep(self, event: UUID, receipt: bytes) -> None:
        """Create a file, as ``ReceiptKeeper`` says."""
        await self._in_thread(lambda: self._write(event, receipt))

    async def close(self) -> None:
        """Nothing is held open."""

    async def _in_thread(self, act: Callable[[], T]) -> T:
        try:
            return await asyncio.to_thread(act)
        except OSError as error:
            raise KeeperError(f"{self.name} cannot be used: {error.strerror}.") from None

    def _read(self) -> list[bytes]:
        self._require()
        return [path.read_bytes() for path in sorted(self._own.glob(f"*{_SUFFIX}"))]

    def _write(self, event: UUID, receipt: bytes) -> None:
        self._require()
        self._own.mkdir(parents=True, exist_ok=True)
        # Named by its content: what a crash cut short is never in the way of the whole one.
        path = self._own / f"{event}.{hashlib.sha256(receipt).hexdigest()[:16]}{_SUFFIX}"
        for place in (path, *(path.with_name(f"{number}.{path.name}") for number in range(1, 9))):
            if place.exists() and place.read_bytes() == receipt:
                return
            if not place.exists():
                create_file(place, receipt)
                return
        raise KeeperError(f"{self.name} holds something else in the place of a receipt.")

    def _require(self) -> None:
        if not self._folder.is_dir():
            raise KeeperError(f"{self.name} is not there.")


class ReceiptIndex:
    """An index of Elasticsearch."""

    name = "The index of erasures in Elasticsearch"

    def __init__(self, cluster: Cluster, origin: str) -> None:
        self._cluster = cluster
        self._origin = _digest(origin)
        self._index = CreatedIndex(cluster, INDEX, _PROPERTIES)

    async def receipts(self) -> Sequence[bytes]:
        """Return every document's receipt, as ``ReceiptKeeper`` says."""
        try:
            await self._cluster.refresh(INDEX)
            return [receipt async for receipt in self._pages()]
        except ClusterError as error:
            if error.status == ABSENT:
                return ()
            raise KeeperError(f"{self.name} cannot be asked: {error}") from None

    async def keep(self, event: UUID, receipt: bytes) -> None:
        """Create a document, as ``ReceiptKeeper`` says."""
        identity = f"{self._origin[:32]}-{event}-{hashlib.sha256(receipt).hexdigest()[:16]}"
        source = {"log": self._origin, "event": str(event), "receipt": receipt.decode("utf-8")}
        try:
            await self._index.prepare()
            status = await self._index.create(identity, source)
        except ClusterError as error:
            raise KeeperError(f"{self.name} cannot be told: {error}") from None
        if status not in {CREATED, CONFLICT}:
            raise KeeperError(f"{self.name} refused a receipt with status {status}.")

    async def close(self) -> None:
        """Close the connections."""
        await self._cluster.close()

    async def _pages(self) -> AsyncIterator[bytes]:
        # A point in time breaks ties by itself: however many documents name one event, each is read.
        search: dict[str, Any] = {
            "query": {"term": {"log": self._origin}},
            "sort": [{"event": "asc"}],
            "size": _PAGE,
        }
        pit = await self._cluster.open_pit(INDEX)
        try:
            while hits := read_answer(_hits, await self._cluster.search_pit(pit, search)):
                for hit in hits:
                    yield str(hit["_source"].get("receipt", "")).encode()
                search["search_after"] = hits[-1]["sort"]
        finally:
            await self._cluster.close_pit(pit)


def _hits(answer: Answer) -> Sequence[Mapping[str, Any]]:
    hits: Sequence[Mapping[str, Any]] = answer["hits"]["hits"]
    if any("sort" not in hit or "_source" not in hit for hit in hits):
        raise LookupError
    return hits


def _digest(origin: str) -> str:
    return hashlib.sha256(origin.encode()).hexdigest()
