"""A part is taken away from the running product: one clear sentence, nothing unrecorded, and on it goes."""

from __future__ import annotations

import json
import os
import re
import signal
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import psutil  # type: ignore[import-untyped]
import pytest

from tests.ended import has_ended
from tests.journeys.golden import AUDIT_ID, MODEL, body_of_zeros
from tests.journeys.installed import Parts
from tests.journeys.product import Reply, Stage, until
from tests.journeys.production import production_stage
from tests.journeys.records import (
    all_shipped,
    documents,
    entry,
    log_size,
    open_intents,
    shipped_until,
)
from tests.patience import PATIENCE
from tests.real.elasticsearch import ElasticsearchServer
from tests.real.keycloak_server import KeycloakServer
from tests.real.mlserver import MlServer
from tests.real.opa import OpaServer
from tests.real.postgres import PostgresServer

pytestmark = [pytest.mark.journey, pytest.mark.real]

COUNTED = re.compile(r"^model_infer_request_(?:success|failure)_total\{.*\} (\S+)$", re.MULTILINE)
FORGOTTEN_SECONDS = 10.0
SHIPPED_SECONDS = 3 * PATIENCE
ESTABLISHED = "01"
UNREACHABLE = "The serving cluster does not answer."
BROKEN_OFF = "The serving cluster broke off its answer."
UNDECIDED = "No decision could be had just now, and undecided is refused."
NO_FACTS = "What a decision needs cannot be read just now. Try again in a moment."
NO_DATABASE = "The database does not answer just now. Nothing was changed. Try again in a moment."


@pytest.fixture(scope="module")
def parts(
    keycloak: KeycloakServer,
    opa: OpaServer,
    elasticsearch: ElasticsearchServer,
    mlserver: MlServer,
    postgres_database: Callable[[], str],
) -> Parts:
    return Parts(keycloak, opa, elasticsearch, mlserver, postgres_database(), postgres_database())


@pytest.fixture(scope="module")
def stage(parts: Parts, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """One supervised installation whose model every signed-in person may call."""
    data = tmp_path_factory.mktemp("outages") / "data"
    with production_stage(data, parts, visibility="shared") as stage:
        yield stage


@pytest.fixture
def token(stage: Stage) -> str:
    """The member's, good for five minutes: all tests together may take longer."""
    return stage.token("member")


@pytest.fixture(scope="module")
def body(stage: Stage) -> dict[str, object]:
    return body_of_zeros(stage.product.ask("GET", MODEL, token=stage.token("member")).json)


@pytest.fixture
def call(stage: Stage, token: str, body: dict[str, object]) -> Callable[[], Reply]:
    return lambda: stage.product.ask("POST", f"{MODEL}/infer", body, token=token)


def test_a_cluster_that_is_gone(stage: Stage, parts: Parts, call: Callable[[], Reply]) -> None:
    assert call().status == 200
    parts.mlserver.stop()
    try:
        failed = call()
    finally:
        parts.mlserver.start()
    assert (failed.status, failed.json["error"]) == (502, failed.json["detail"])
    assert failed.json["detail"].startswith(UNREACHABLE)
    kept = entry(stage, failed.headers[AUDIT_ID])
    assert (kept["outcome"], kept["reasons"]) == ("failure", ["upstream_unreachable"])
    assert call().status == 200


def test_a_cluster_that_dies_while_it_answers(
    stage: Stage, parts: Parts, body: dict[str, object], call: Callable[[], Reply]
) -> None:
    cluster, size = parts.mlserver._running(), len(json.dumps(body))
    until(lambda: open_intents(parts) == 0, seconds=PATIENCE, what="every call before this one is closed")
    os.killpg(cluster.child.pid, signal.SIGSTOP)
    try:
        with ThreadPoolExecutor(1) as pool:
            calling = pool.submit(call)
            until(lambda: open_intents(parts), seconds=PATIENCE, what="the intent is in the log's keeping")
            until(lambda: unread_bytes(cluster.url) >= size, seconds=PATIENCE, what="the call is sent")
            os.killpg(cluster.child.pid, signal.SIGKILL)
            failed = calling.result()
    finally:
        parts.mlserver.stop()
        parts.mlserver.start()
    assert (failed.status, failed.json["detail"].startswith(BROKEN_OFF)) == (502, True), failed.text
    kept = entry(stage, failed.headers[AUDIT_ID])
    assert (kept["outcome"], kept["reasons"]) == ("failure", ["upstream_closed"])
    assert call().status == 200


def test_without_policy_nothing_new_is_allowed(
    stage: Stage, parts: Parts, token: str, body: dict[str, object]
) -> None:
    # About the one nobody has decided yet, and about the other only now: that is remembered for a minute.
    other, decided_now = stage.token("owner"), stage.token("reviewer")

    def call() -> Reply:
        return stage.product.ask("POST", f"{MODEL}/infer", body, token=decided_now)

    def call_of_another() -> Reply:
        return stage.product.ask("POST", f"{MODEL}/infer", body, token=other)

    assert call().status == 200
    before = inferred(parts)
    parts.opa.stop()
    try:
        decided = call()
        refused = [call_of_another() for _ in range(3)]
        listed = stage.product.ask("GET", "/api/v1/routes", token=token)
        ready = stage.product.ask("GET", "/health/ready")
    finally:
        parts.opa.start()
    # What was decided holds while nothing moves that it rests on: an evaluation needs no engine to be reused.
    assert decided.status == 200
    for answer in (*refused, listed):
        assert (answer.status, answer.json["detail"].startswith(UNDECIDED)) == (503, True), answer.text
        assert answer.json["type"] == "urn:guildhall:problem:policy_unavailable"
    assert (ready.status, [name for name, said in ready.json.items() if said != "ok"]) == (503, ["policy"])
    assert inferred(parts) == before + 1
    until(lambda: call_of_another().status == 200, seconds=PATIENCE, what="calls are decided again")
    for answer in refused:
        kept = entry(stage, answer.headers[AUDIT_ID])
        assert (kept["outcome"], kept["reasons"]) == ("denied", ["policy_error"])


def test_without_elasticsearch_calls_go_on(stage: Stage, parts: Parts, call: Callable[[], Reply]) -> None:
    before = all_shipped(stage, parts, seconds=SHIPPED_SECONDS)
    parts.elasticsearch.stop()
    try:
        made = [call()]
        until(lambda: shipped_until(parts).error, seconds=PATIENCE, what="the cursor says why it waits")
        stood = shipped_until(parts).next_index
        made += [call() for _ in range(5)]
        until(lambda: log_size(parts.database) >= before + 6, seconds=PATIENCE, what="all are in the log")
        assert shipped_until(parts).next_index == stood
    finally:
        parts.elasticsearch.start()
    assert [answer.status for answer in made] == [200] * 6
    after = all_shipped(stage, parts, seconds=SHIPPED_SECONDS)
    until(lambda: has_shipped(parts, after), seconds=PATIENCE, what="the cursor has come to the end")
    for answer in made:
        assert len(documents(stage, parts, answer.headers[AUDIT_ID])) == 1


def test_a_killed_worker_comes_back_and_has_lost_nothing(
    stage: Stage, parts: Parts, call: Callable[[], Reply]
) -> None:
    made, (killed,) = [call()], workers(stage)
    killed.kill()
    made += [call() for _ in range(5)]
    until(lambda: set(workers(stage)) - {killed}, seconds=PATIENCE, what="the worker runs again")
    made.append(call())
    assert [answer.status for answer in made] == [200] * 7
    names = [answer.headers[AUDIT_ID] for answer in made]
    assert [entry(stage, name)["outcome"] for name in names] == ["success"] * 7
    all_shipped(stage, parts, seconds=SHIPPED_SECONDS)
    assert [len(documents(stage, parts, name)) for name in names] == [1] * 7


def test_without_its_database_nothing_is_allowed_and_nothing_lost(
    stage: Stage, parts: Parts, postgres: PostgresServer, token: str, call: Callable[[], Reply]
) -> None:
    before, made = inferred(parts), [call()]
    postgres.stop()
    try:
        # For five seconds what was decided is still believed (`console.freshness`); every call is recorded.
        # In between a key may be forgotten first: then the call cannot be recorded, and is not made either.
        until(lambda: unread(call(), made), seconds=FORGOTTEN_SECONDS, what="nothing is remembered")
        refused = [call() for _ in range(3)]
        listed = stage.product.ask("GET", "/api/v1/routes", token=token)
        ready = stage.product.ask("GET", "/health/ready")
    finally:
        postgres.start()
    assert [(answer.status, answer.json["detail"]) for answer in refused] == [(503, NO_FACTS)] * 3
    assert (listed.status, listed.json["detail"]) == (503, NO_DATABASE)
    assert (ready.status, ready.json["policy"]) == (503, "ok")
    assert inferred(parts) == before + len(made)
    until(lambda: call().status == 200, seconds=PATIENCE, what="calls are decided again")
    names = [answer.headers[AUDIT_ID] for answer in made]
    assert {entry(stage, name)["outcome"] for name in names} == {"success"}
    all_shipped(stage, parts, seconds=SHIPPED_SECONDS)


def unread(answer: Reply, made: list[Reply]) -> bool:
    """Whether a call was refused because nothing can be read; one let through is among those `made`."""
    if answer.status == 200:
        made.append(answer)
        return False
    assert answer.status == 503, answer.text
    return bool(answer.json["detail"] == NO_FACTS)


def has_shipped(parts: Parts, size: int) -> bool:
    """Whether the cursor is that far, and nothing keeps it there."""
    cursor = shipped_until(parts)
    return cursor.next_index >= size and cursor.error is None


def unread_bytes(url: str) -> int:
    """How many bytes wait at most, on one connection, for who listens at `url` (proc_net_tcp)."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text("ascii").splitlines()[1:]]
    end = f":{urlsplit(url).port:04X}"
    waiting = [row[4].partition(":")[2] for row in rows if row[1].endswith(end) and row[3] == ESTABLISHED]
    return max((int(number, 16) for number in waiting), default=0)


def workers(stage: Stage) -> list[psutil.Process]:
    """The worker's process, a child of the supervisor; none between its end and its next start."""
    supervisor = psutil.Process(stage.product.children["all"].pid)
    return [child for child in supervisor.children() if is_worker(child)]


def is_worker(child: psutil.Process) -> bool:
    """Whether a child that lives is the worker; it may end while it is asked."""
    with suppress(psutil.NoSuchProcess):
        return not has_ended(child.pid) and "worker" in child.cmdline()
    return False


def inferred(parts: Parts) -> float:
    """How many infers the cluster itself has counted."""
    ports = json.loads((parts.mlserver.folder / "ports.json").read_text("utf-8"))
    with urllib.request.urlopen(f"http://127.0.0.1:{ports['metrics_port']}/metrics") as answer:
        text = answer.read().decode()
    return sum(float(value) for value in COUNTED.findall(text))
