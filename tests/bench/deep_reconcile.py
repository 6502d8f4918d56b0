"""What looking at every document costs: against a bare reading of the same documents by a point in time.

One document of a million is changed; it is named, and no other.
"""

import os
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

from elasticsearch import AsyncElasticsearch
from sqlalchemy.ext.asyncio import AsyncEngine

from audit.checkpoints.checkpoint import Checkpoint, parse_checkpoint
from audit.checkpoints.note import parse_note
from audit.following.deep import DeepReconciliation, reconcile_deep
from audit.following.shipper import Shipper
from audit.reader import LogReader
from audit.sinks.copies import Copy
from audit.sinks.elasticsearch import open_elasticsearch
from audit.sinks.indexed import ElasticsearchSink
from audit.sinks.mapping import document_id
from audit.sinks.scan import PAGE
from audit.sinks.searches import everything_of
from console import runtime
from tests.bench.followed import ORIGIN, a_log
from tests.bench.result import ROOT, Result, Row, median_row
from tests.real.elasticsearch import ElasticsearchServer

SIZE = int(os.environ.get("DEEP_RECONCILE_SIZE", "1000000"))
ROUNDS = int(os.environ.get("DEEP_RECONCILE_ROUNDS", "3"))
CEILING, AIM = 3.0, 1.5
PATIENCE = 120.0
FLAT = 64.0
"""MiB that memory may grow between a tenth of the documents and the last; each page has some 5 MiB."""


class Watched:
    """The sink, with the memory of this process noted after each page."""

    def __init__(self, sink: ElasticsearchSink) -> None:
        self._sink = sink
        self.resident: list[float] = []
        self.name = sink.name

    async def copies(self) -> AsyncIterator[Sequence[Copy]]:
        async for page in self._sink.copies():
            yield page
            self.resident.append(resident())


def measure() -> Result:
    """Start a node of its own, ship a log to it, change one document, and alternate the two readings."""
    server = ElasticsearchServer()
    server.start()
    try:
        return Result("deep-reconcile", runtime.run(_measure(server.url)))
    finally:
        server.close()


async def _measure(url: str) -> list[Row]:
    folder = ROOT / "var" / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    prefix, changed = f"deep-{uuid4()}", SIZE * 5 // 7
    seconds: dict[str, list[float]] = {"bare": [], "deep": []}
    grown: list[float] = []
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        async with a_log(Path(scratch), SIZE) as engine:
            sink = open_elasticsearch(url, origin=ORIGIN, prefix=prefix)
            await fill(url, engine, sink, f"{prefix}-000000", changed)
            signed = await read_signed(engine)
            for number in range(ROUNDS):
                for name in ("bare", "deep")[:: -1 if number % 2 else 1]:
                    watched, began = Watched(sink), time.perf_counter()
                    if name == "bare":
                        await bare(url, f"{prefix}-*")
                    else:
                        require_named(await reconcile_deep(engine, watched, signed), changed)
                        grown.append(watched.resident[-1] - watched.resident[len(watched.resident) // 10])
                    seconds[name].append(time.perf_counter() - began)
            await sink.close()
    ratios = [ours / theirs for ours, theirs in zip(seconds["deep"], seconds["bare"], strict=True)]
    return [
        median_row("bare reading by a point in time", "s", seconds["bare"]),
        median_row(f"looking at {SIZE:,} documents, the changed one named", "s", seconds["deep"]),
        below(median_row("looking at them, of the bare reading", "ratio", ratios, CEILING, AIM)),
        below(median_row("memory grown since a tenth of them", "MiB", grown, FLAT)),
    ]


def below(row: Row) -> Row:
    """Return the row as one that is better when it is lower."""
    return Row(row.what, row.value, row.unit, row.rounds, row.floor, row.aim, lower_is_better=True)


def require_named(found: DeepReconciliation, changed: int) -> None:
    """Raise when the comparison named anything but the one changed document."""
    named = (found.changed.names, found.missing.count, found.added.count, found.root, found.total_sink)
    if named != ([changed], 0, 0, True, SIZE):
        raise AssertionError(f"The comparison found {named}.")


async def fill(url: str, engine: AsyncEngine, sink: ElasticsearchSink, index: str, changed: int) -> None:
    """Ship the log, and change one document behind our back."""
    shipper, shipped = Shipper(engine, sink, lambda: 0), 0
    while shipped < SIZE:
        shipped += (await shipper.ship()).acknowledged
    async with AsyncElasticsearch(url, request_timeout=PATIENCE) as client:
        await client.update(
            index=index, id=document_id(ORIGIN, changed), doc={"event": {"outcome": "failure"}}
        )
        await client.indices.refresh(index=index)


async def bare(url: str, indexes: str) -> None:
    """Read every document, page by page, and do nothing with it."""
    async with AsyncElasticsearch(url, request_timeout=PATIENCE) as client:
        pit = (await client.open_point_in_time(index=indexes, keep_alive="5m"))["id"]
        search: dict[str, Any] = everything_of(ORIGIN, PAGE)
        read = 0
        while hits := (await client.search(pit={"id": pit, "keep_alive": "5m"}, **search))["hits"]["hits"]:
            read += len(hits)
            search["search_after"] = hits[-1]["sort"]
        if read != SIZE:
            raise AssertionError(f"{read} documents were read.")


async def read_signed(engine: AsyncEngine) -> Checkpoint:
    """Return the log's newest checkpoint."""
    found = await LogReader(engine).latest_checkpoint()
    assert found is not None
    return parse_checkpoint(parse_note(found.note.encode()).text)


def resident() -> float:
    """Return the memory this process holds now, in MiB."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20
