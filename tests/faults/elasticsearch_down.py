"""Elasticsearch is away while events are appended: nothing is refused, nothing lost, memory stays bounded."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil  # type: ignore[import-untyped]

from audit.checkpoints.checkpoint import verify_checkpoint
from audit.following.deep import DeepReconciliation, reconcile_deep
from audit.following.reconcile import Reconciliation, reconcile
from audit.following.shipper import Shipper
from audit.reader import LogReader
from audit.sinks.cursor import read_position
from audit.sinks.elasticsearch import open_elasticsearch
from tests.audit.exports import AT_ONCE, grow
from tests.audit.log_store import ORIGIN, Store
from tests.patience import PATIENCE
from tests.real.elasticsearch import ElasticsearchServer

MIB = 1 << 20


@dataclass(frozen=True)
class Outage:
    """What an outage of a follower did: entries appended, memory in MiB, and what the follower holds."""

    appended: int
    shipped_meanwhile: int
    error: str | None
    rss_before: float
    rss_most: float
    counted: Reconciliation
    compared: DeepReconciliation


async def append_while_down(
    folder: Path, server: ElasticsearchServer, count: int, prefix: str, now: Callable[[], int]
) -> Outage:
    """Stop the node, append `count` events with a shipper running, start it, wait until it has caught up."""
    store = await Store.open(folder)
    log, stop = await store.begin(), asyncio.Event()
    sink = open_elasticsearch(server.url, origin=ORIGIN, prefix=prefix, timeout=PATIENCE)
    shipping = asyncio.create_task(Shipper(store.engine, sink, now, longest_pause=1.0).run(stop))
    await asyncio.to_thread(server.stop)
    await grow(store, log, AT_ONCE)
    before = most = resident()
    for _ in range(count // AT_ONCE):
        await grow(store, log, AT_ONCE)
        most = max(most, resident())
    position = await read_position(store.engine, sink.name)
    # On this thread: a child is ended with the thread that started it, and others still need the node.
    server.start()
    size = await LogReader(store.engine).size()
    while (await read_position(store.engine, sink.name)).next_index < size:
        most = max(most, resident())
        await asyncio.sleep(0.2)
    stop.set()
    with suppress(asyncio.CancelledError):
        await shipping
    signed = await LogReader(store.engine).latest_checkpoint()
    assert signed is not None
    checkpoint = verify_checkpoint(signed.note.encode(), store.signer.vkey)
    counted = await reconcile(store.engine, sink)
    compared = await reconcile_deep(store.engine, sink, checkpoint)
    await sink.close()
    await store.close()
    return Outage(size, position.next_index, position.error, before, max(most, resident()), counted, compared)


def resident() -> float:
    """The resident memory of this process in MiB."""
    return float(psutil.Process().memory_info().rss) / MIB
