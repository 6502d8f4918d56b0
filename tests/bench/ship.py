"""How much of Elasticsearch's own speed shipping keeps: the log read, documents made, cursor kept, against
a bare loop of ``client.bulk`` over documents that were prepared before.
"""

import os
import tempfile
import time
from pathlib import Path
from typing import Any
from uuid import uuid4

from elasticsearch import AsyncElasticsearch
from sqlalchemy.ext.asyncio import AsyncEngine

from audit.following.shipper import Shipper
from audit.sinks.cursor import read_position
from audit.sinks.elasticsearch import open_elasticsearch
from audit.sinks.layout import Layout
from audit.sinks.prepared import cut
from console import runtime
from tests.bench.followed import ORIGIN, a_log, calls
from tests.bench.result import ROOT, Result, Row, median_row
from tests.real.elasticsearch import ElasticsearchServer

SIZE = int(os.environ.get("SHIP_SIZE", "100000"))
ROUNDS = 5
FLOOR, AIM = 0.7, 0.9
PATIENCE = 120.0


def measure() -> Result:
    """Start a node of its own, fill a log once, and alternate the two, each into an index of its own."""
    server = ElasticsearchServer()
    server.start()
    try:
        return Result("ship", runtime.run(_measure(server.url)))
    finally:
        server.close()


async def _measure(url: str) -> list[Row]:
    folder = ROOT / "var" / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    rates: dict[str, list[float]] = {"bare": [], "ship": []}
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        async with a_log(Path(scratch), SIZE) as engine:
            await bare(url)  # the node compiles what it does often: neither side shall pay for that
            for number in range(ROUNDS):
                pair = [("bare", bare(url)), ("ship", ship(url, engine))]
                for name, run in pair[:: -1 if number % 2 else 1]:
                    rates[name].append(SIZE / await run)
    ratios = [ours / theirs for ours, theirs in zip(rates["ship"], rates["bare"], strict=True)]
    return [
        median_row("bare bulk loop, documents prepared before", "1/s", rates["bare"]),
        median_row("shipping from the log", "1/s", rates["ship"]),
        median_row(f"shipping, of the bare loop, {SIZE:,} entries", "ratio", ratios, floor=FLOOR, aim=AIM),
    ]


async def bare(url: str) -> float:
    """Return the seconds of the bare loop: one request after the other, as large as ours."""
    prefix = f"bare-{uuid4()}"
    sink = open_elasticsearch(url, origin=ORIGIN, prefix=prefix)
    await sink.deliver([])  # puts the template
    entries = calls(0, SIZE)
    pieces = cut(entries, origin=ORIGIN, layout=Layout(prefix))
    requests: list[Any] = [[one.lines for one in piece] for piece in pieces]  # the annotation lacks bytes
    client = AsyncElasticsearch(url, request_timeout=PATIENCE)
    began = time.perf_counter()
    for lines in requests:
        answer = await client.bulk(operations=lines)
        assert not answer["errors"]
    spent = time.perf_counter() - began
    await client.indices.delete(index=f"{prefix}-000000")
    await client.close()
    await sink.close()
    return spent


async def ship(url: str, engine: AsyncEngine) -> float:
    """Return the seconds in which a shipper hands over the whole log."""
    prefix = f"ship-{uuid4()}"
    sink = open_elasticsearch(url, origin=ORIGIN, prefix=prefix, name=prefix, timeout=PATIENCE)
    shipper = Shipper(engine, sink, lambda: 0)
    began, shipped = time.perf_counter(), 0
    while shipped < SIZE:
        shipped += (await shipper.ship()).acknowledged
    spent = time.perf_counter() - began
    assert (await read_position(engine, prefix)).next_index == SIZE
    client = AsyncElasticsearch(url, request_timeout=PATIENCE)
    await client.indices.delete(index=f"{prefix}-000000")
    await client.close()
    await sink.close()
    return spent
