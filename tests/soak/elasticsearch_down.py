"""Elasticsearch down while a million events are appended directly."""

import logging
import tempfile
from pathlib import Path

from console import runtime
from console.clock import system_clock
from tests.bench.result import ROOT, Result, Row
from tests.faults.elasticsearch_down import Outage, append_while_down
from tests.real.elasticsearch import ElasticsearchServer

EVENTS = 1_000_000
MOST_MEMORY = 100.0


def measure() -> Result:
    """Return what was appended, what was lost, and how much memory it took."""
    folder, server = ROOT / "var" / "bench", ElasticsearchServer()
    folder.mkdir(parents=True, exist_ok=True)
    logging.disable(logging.ERROR)  # the shipper says at each attempt that nobody answers
    server.start()
    try:
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            outage = runtime.run(append_while_down(Path(scratch), server, EVENTS, "down", system_clock))
    finally:
        server.close()
    return Result("elasticsearch-down", rows(outage))


def rows(outage: Outage) -> list[Row]:
    """Return the outage as rows."""
    root = float(outage.compared.root)
    more = round(outage.rss_most - outage.rss_before, 1)
    wrong = outage.compared.changed.count + outage.compared.missing.count + outage.compared.added.count
    return [
        Row(
            "entries appended while it was down", outage.appended, "entries", [outage.appended], floor=EVENTS
        ),
        zero("shipped meanwhile", outage.shipped_meanwhile, "entries"),
        zero("missing afterwards, by count", outage.counted.lacking, "entries"),
        zero("too many afterwards", outage.counted.extra, "entries"),
        zero("changed, missing or added, by the deep comparison", wrong, "documents"),
        Row("the signed root rebuilt from the copies", root, "of 1", [root], floor=1),
        Row("more memory than at 5,000 events", more, "MiB", [more], floor=MOST_MEMORY, lower_is_better=True),
    ]


def zero(what: str, value: float, unit: str) -> Row:
    """Return a row that must be nothing."""
    return Row(what, value, unit, [value], floor=0, aim=0, lower_is_better=True)
