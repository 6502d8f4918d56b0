"""`make soak`: the full sizes; prints each table, writes var/bench/NAME.json; fails below a floor."""

from collections.abc import Callable

from tests.bench.command import run
from tests.bench.result import Result
from tests.soak import (
    approvals,
    bit_flips,
    directory,
    elasticsearch_down,
    flood,
    flood_served,
    injected_faults,
    kill_everything,
    policy_differential,
    policy_mutation,
    prune_space,
    revocation,
    revocation_keycloak,
    slow_sink,
    spool_kills,
)

RUNS: dict[str, Callable[[], Result]] = {
    "approvals": approvals.measure,
    "bit-flips": bit_flips.measure,
    "directory": directory.measure,
    "elasticsearch-down": elasticsearch_down.measure,
    "flood": flood.measure,
    "flood-served": flood_served.measure,
    "injected-faults": injected_faults.measure,
    "kill-everything": kill_everything.measure,
    "policy-differential": policy_differential.measure,
    "policy-mutation": policy_mutation.measure,
    "prune-space": prune_space.measure,
    "revocation": revocation.measure,
    "revocation-keycloak": revocation_keycloak.measure,
    "slow-sink": slow_sink.measure,
    "spool-kills": spool_kills.measure,
}

if __name__ == "__main__":
    raise SystemExit(run("tests.soak", RUNS))
