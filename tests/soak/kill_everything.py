"""kill -9 of the whole product at a hundred random moments under load, with real Elasticsearch."""

import tempfile
from pathlib import Path

from console import runtime
from tests.bench.result import ROOT, Result, Row
from tests.faults.everything import Aftermath, kill_everything
from tests.real.elasticsearch import ElasticsearchServer
from tests.soak.elasticsearch_down import zero

KILLS = 100


def measure() -> Result:
    """Return what cluster, log and Elasticsearch say after the last restart."""
    folder, server = ROOT / "var" / "bench", ElasticsearchServer()
    folder.mkdir(parents=True, exist_ok=True)
    server.start()
    try:
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            after = runtime.run(kill_everything(Path(scratch), server.url, KILLS))
    finally:
        server.close()
    return Result("kill-everything", rows(after))


def rows(after: Aftermath) -> list[Row]:
    """Return the aftermath as rows."""
    wrong = after.compared.changed.count + after.compared.missing.count + after.compared.added.count
    root = float(after.compared.root)
    return [
        Row("kills of the whole product", after.kills, "kills", [after.kills], floor=KILLS),
        Row("calls that the cluster saw", after.seen, "calls", [after.seen], floor=KILLS),
        zero("of them without a recorded intent", after.seen_unrecorded, "calls"),
        Row("calls that were answered", after.answered, "calls", [after.answered], floor=KILLS),
        zero("of them not in the log as a success", after.answered_unrecorded, "calls"),
        zero("calls with two entries", after.recorded_twice, "calls"),
        Row("calls whose outcome is unknown", after.unknown, "calls", [after.unknown]),
        Row(
            "entries in log and Elasticsearch", after.counted.total_sink, "entries", [after.counted.total_log]
        ),
        zero("entries missing in Elasticsearch", after.counted.lacking, "entries"),
        zero("documents too many", after.counted.extra, "documents"),
        zero("documents changed, missing or added, by the deep comparison", wrong, "documents"),
        Row("the signed root rebuilt from the copies", root, "of 1", [root], floor=1),
    ]
