"""Gives what the product waits for in this process the patience of tests: on a busy machine slow is not gone.

The product's own limits are short because a caller waits behind each. Whoever tests such a limit sets it;
what no test sets has PATIENCE, so that a process which is not let run for seconds fails nobody's test.
"""

import inspect
from collections.abc import Iterator
from types import FunctionType
from typing import Final

import pytest

from audit.spool import fold_process, writer
from console import pings
from console.catalog import clusters, polling
from console.demo import cluster
from console.freshness import feed, standing
from console.gateway import connection, upstream
from console.policies import own_engine
from console.trail import proofs
from policy import coverage, decide, replay, testing
from policy.embedded import EmbeddedDecider
from policy.evaluator import Evaluator
from sso.keycloak import connection as keycloak
from sso.keycloak import ping
from tests.patience import PATIENCE

START_SECONDS: Final = 600.0
CONSTANTS: Final = (
    (pings, "PATIENCE"),
    (polling, "ANSWER_SECONDS"),
    (feed, "BLIND_SECONDS"),
    (standing, "UNDECIDED_SECONDS"),
    (connection, "IDLE_SECONDS"),
    (upstream, "CONNECT_SECONDS"),
    (own_engine, "LEAVE_SECONDS"),
    (coverage, "SECONDS"),
    (replay, "BATCH_SECONDS"),
    (replay, "ALONE_SECONDS"),
    (writer, "SYNC_TIMEOUT_SECONDS"),
    (fold_process, "ANSWER_SECONDS"),
    (testing, "TEST_SECONDS"),
    (ping, "TIMEOUT"),
)
# A default is bound when the function is made, so setting the constant does not reach it.
DEFAULTS: Final = (
    (decide.decide, "deadline"),
    (decide.plan, "deadline"),
    (decide.scope, "deadline"),
    (Evaluator.__init__, "load_seconds"),
    (EmbeddedDecider.__init__, "load_seconds"),
    (EmbeddedDecider.__init__, "queue_seconds"),
    (proofs.read_proof, "wait"),
)


@pytest.fixture(scope="session", autouse=True)
def unhurried() -> Iterator[None]:
    """Hold for the whole run."""
    with pytest.MonkeyPatch.context() as patch:
        for module, name in CONSTANTS:
            patch.setattr(module, name, PATIENCE)
        patch.setattr(cluster, "READY_SECONDS", START_SECONDS)
        for function, name in DEFAULTS:
            assert isinstance(function, FunctionType)
            patch.setitem(function.__kwdefaults__ or {}, name, PATIENCE)
        for question in (clusters.served_versions, clusters.reported_versions):
            patch.setattr(question, "__defaults__", (PATIENCE,))
        patch.setattr(inspect.unwrap(keycloak.open_directory), "__defaults__", (int(PATIENCE),))
        yield
