"""`make bench`: measures ratios, prints each table, writes var/bench/NAME.json; fails below a floor."""

from collections.abc import Callable

from tests.bench import (
    append,
    as_of,
    authenticate,
    compare,
    decide,
    deep_reconcile,
    list_models,
    proof,
    replay,
    scim_writes,
    ship,
    spool,
    sync_directory,
    verify,
)
from tests.bench.command import run
from tests.bench.result import Result

RUNS: dict[str, Callable[[], Result]] = {
    "append-postgresql": append.measure_postgresql,
    "append-sqlite": append.measure_sqlite,
    "as-of-postgresql": as_of.measure_postgresql,
    "as-of-sqlite": as_of.measure_sqlite,
    "authenticate": authenticate.measure,
    "compare": compare.measure,
    "decide": decide.measure,
    "deep-reconcile": deep_reconcile.measure,
    "list-models-postgresql": list_models.measure_postgresql,
    "list-models-sqlite": list_models.measure_sqlite,
    "proof": proof.measure,
    "replay": replay.measure,
    "scim-writes-postgresql": scim_writes.measure_postgresql,
    "scim-writes-sqlite": scim_writes.measure_sqlite,
    "ship": ship.measure,
    "spool": spool.measure,
    "sync-directory": sync_directory.measure,
    "verify": verify.measure,
}

if __name__ == "__main__":
    raise SystemExit(run("tests.bench", RUNS))
