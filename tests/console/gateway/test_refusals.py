"""Who is refused, with which words, and what is left behind: nothing reaches the cluster."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
import pytest

from console.models import Visibility
from console.services import with_decider
from policy.decision import Document, Entrypoint, Evaluation
from policy.errors import DeciderFailedError
from tests.console.conftest import Catalog, MovingClock
from tests.console.gateway.clusters import ScriptedCluster
from tests.console.gateway.conftest import CREDIT, Desk, gateway_on
from tests.patience import PATIENCE

pytestmark = pytest.mark.slow  # each starts a server of its own

TUMOUR = "/v2/models/health.tumour-screen"


class BrokenDecider:
    """An engine that is not there."""

    name = "broken"

    async def evaluate(self, entrypoint: Entrypoint, document: Document) -> Evaluation:
        raise DeciderFailedError("The engine is gone.")

    async def ping(self) -> None:
        raise DeciderFailedError("The engine is gone.")

    async def close(self) -> None:
        """Nothing to end."""


@pytest.mark.parametrize("header", [None, "Basic bWVtYmVyOng=", "Bearer", "Bearer not.a.token"])
async def test_without_a_credential_nothing_is_said_but_401(granted: Desk, header: str | None) -> None:
    headers = {"authorization": header} if header is not None else {}
    for path in (
        CREDIT,
        f"{CREDIT}/infer",
        "/v2/models/no.such/infer",
        "/v2/nothing",
        "/v2/repository/index",
    ):
        answer = await granted.http.post(path, headers=headers, content=b"x")
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Bearer")
        assert "guildhall-audit-id" not in answer.headers
        assert answer.json()["type"] == "urn:guildhall:problem:not_signed_in"
    assert granted.kept() == []


async def test_a_session_cookie_is_no_credential_here(granted: Desk) -> None:
    answer = await granted.http.post(f"{CREDIT}/infer", headers={"cookie": "guildhall=abc"}, content=b"{}")
    assert answer.status_code == 401


async def test_want_of_a_grant_is_403_with_all_that_helps(granted: Desk, cluster: ScriptedCluster) -> None:
    answer = await granted.call(who="reviewer")
    (kept,) = granted.kept()
    said = answer.json()
    assert answer.status_code == 403
    assert said.keys() == {"error", "type", "detail", "decision_id", "reasons", "request_access"}
    assert said["reasons"] == ["no_grant"]
    assert said["request_access"] == "/api/v1/access-requests"
    assert said["decision_id"] == kept.head["decision"]
    assert answer.headers["guildhall-audit-id"] == kept.id
    assert answer.headers["content-security-policy"] == "sandbox; default-src 'none'"
    assert kept.ended == ("denied", ("no_grant",))
    assert cluster.requests == []


async def test_an_ended_grant_is_told_as_such(granted: Desk, clock: MovingClock) -> None:
    clock.forward(2 * 24 * 3600)
    answer = await granted.call()
    assert (answer.status_code, answer.json()["reasons"]) == (403, ["grant_expired"])


async def test_a_stranger_to_a_hidden_model_is_told_what_anybody_is_told_of_no_model(
    granted: Desk, catalog: Catalog, cluster: ScriptedCluster
) -> None:
    await granted.serve(cluster.url, {"7": 1}, catalog.tumour)
    hidden, absent = await granted.call(f"{TUMOUR}/infer"), await granted.call("/v2/models/no.such/infer")
    assert (hidden.status_code, hidden.content) == (404, absent.content)
    assert hidden.headers.keys() == absent.headers.keys()
    assert [kept.ended for kept in granted.kept()] == [("denied", ("not_found",))] * 2
    shown = await granted.call(f"{TUMOUR}/infer", who="owner")
    assert (shown.status_code, shown.json()["reasons"]) == (403, ["no_grant"])


async def test_a_hidden_model_answers_its_grantee(
    granted: Desk, catalog: Catalog, cluster: ScriptedCluster, people: dict[str, Any]
) -> None:
    await granted.serve(cluster.url, {"7": 1}, catalog.tumour)
    await granted.grant(people["member"].id, catalog.tumour)
    assert (await granted.call(f"{TUMOUR}/infer")).status_code == 200


async def test_a_shared_model_answers_everybody_signed_in(granted: Desk, catalog: Catalog) -> None:
    await granted.set_model(catalog.credit, visibility=Visibility.SHARED)
    assert (await granted.call(who="reviewer")).status_code == 200
    assert [kept.ended for kept in granted.kept()] == [("success", ())]


async def test_a_stopped_route_answers_nobody(
    granted: Desk, catalog: Catalog, cluster: ScriptedCluster
) -> None:
    await granted.stop(catalog.credit)
    answer = await granted.call()
    assert (answer.status_code, answer.json()["reasons"]) == (403, ["route_stopped"])
    assert "request_access" not in answer.json()
    assert cluster.requests == []


async def test_an_engine_that_is_gone_decides_nothing(granted: Desk, cluster: ScriptedCluster) -> None:
    services = with_decider(granted.services, BrokenDecider())
    async with gateway_on(services) as url, httpx2.AsyncClient(base_url=url, timeout=PATIENCE) as http:
        answer = await http.post(f"{CREDIT}/infer", headers=granted.headers("member"), content=b"{}")
    assert answer.status_code == 503
    assert answer.json()["type"] == "urn:guildhall:problem:policy_unavailable"
    (kept,) = granted.kept()
    assert answer.headers["guildhall-audit-id"] == kept.id
    assert kept.ended == ("denied", ("policy_error",))
    assert cluster.requests == []


@contextmanager
def disk_full_at(size: int) -> Iterator[None]:
    """Let no file of this process grow beyond `size` bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


async def test_a_call_that_cannot_be_recorded_is_not_made(granted: Desk, cluster: ScriptedCluster) -> None:
    assert (await granted.call()).status_code == 200
    cluster.requests.clear()
    (spool,) = granted.spool.glob("*.spool")
    headers = granted.headers("member")
    with disk_full_at(spool.stat().st_size + 100):
        answer = await granted.http.post(f"{CREDIT}/infer", headers=headers, content=b"{}")
    assert answer.status_code == 503
    assert answer.json()["type"] == "urn:guildhall:problem:audit_unavailable"
    assert cluster.requests == []
    assert len(granted.kept()) == 1
    assert (await granted.call()).status_code == 200  # and with room again, it goes on


async def test_a_refusal_that_cannot_be_recorded_stays_a_refusal(granted: Desk) -> None:
    (spool,) = granted.spool.glob("*.spool")
    headers = granted.headers("reviewer")
    with disk_full_at(spool.stat().st_size + 100):
        answer = await granted.http.post(f"{CREDIT}/infer", headers=headers, content=b"{}")
    assert answer.status_code == 403
    assert "guildhall-audit-id" not in answer.headers


async def test_an_answer_whose_outcome_cannot_be_written_is_withheld(
    granted: Desk, cluster: ScriptedCluster
) -> None:
    assert (await granted.call()).status_code == 200
    (spool,) = granted.spool.glob("*.spool")
    before = spool.stat().st_size
    assert (await granted.call()).status_code == 200
    intent_and_outcome = spool.stat().st_size - before
    headers = granted.headers("member")
    with disk_full_at(spool.stat().st_size + intent_and_outcome - 50):
        answer = await granted.http.post(f"{CREDIT}/infer", headers=headers, content=b'{"inputs":[]}')
    assert answer.json()["type"] == "urn:guildhall:problem:audit_unavailable"
    kept = granted.kept()[-1]
    assert answer.headers["guildhall-audit-id"] == kept.id
    assert kept.outcome is None
    assert len(cluster.requests) == 3


async def test_without_a_spool_the_gateway_answers_and_calls_nobody(
    granted: Desk, cluster: ScriptedCluster, tmp_path: Path
) -> None:
    elsewhere = granted.services.settings.model_copy(update={"data": tmp_path / "no-folder"})
    elsewhere.data.write_text("a file where the folder should be")
    services = replace(granted.services, settings=elsewhere)
    async with gateway_on(services) as url, httpx2.AsyncClient(base_url=url, timeout=PATIENCE) as http:
        ready = await http.get("/v2/health/ready")
        answer = await http.post(f"{CREDIT}/infer", headers=granted.headers("member"), content=b"{}")
    assert (ready.status_code, ready.json()) == (503, {"ready": False})
    assert answer.json()["type"] == "urn:guildhall:problem:audit_unavailable"
    assert cluster.requests == []


@pytest.mark.parametrize(
    ("body", "headers", "told"),
    [
        (b"x" * (64 * 1024 + 1), {}, (413, "body_too_large")),
        (b"{}....", {"inference-header-content-length": "2"}, (415, "binary_tensors")),
        (b"\0\1", {"content-type": "Application/Octet-Stream"}, (415, "binary_tensors")),
    ],
)
async def test_a_body_is_judged_only_after_the_decision(
    granted: Desk,
    cluster: ScriptedCluster,
    body: bytes,
    headers: dict[str, str],
    told: tuple[int, str],
) -> None:
    status, reason = told
    denied = await granted.call(who="reviewer", body=body, headers=headers)
    assert (denied.status_code, denied.json()["reasons"]) == (403, ["no_grant"])
    allowed = await granted.call(body=body, headers=headers)
    assert (allowed.status_code, allowed.json()["reasons"]) == (status, [reason])
    assert [kept.ended for kept in granted.kept()] == [("denied", ("no_grant",)), ("failure", (reason,))]
    assert cluster.requests == []


async def test_an_unknown_path_is_404_for_whoever_is_known(granted: Desk) -> None:
    for path in ("/v2/repository/index", "/v2/models", f"{CREDIT}/generate", f"{CREDIT}/infer/"):
        answer = await granted.call(path)
        assert (answer.status_code, answer.json()["reasons"]) == (404, ["unknown_path"]), path


async def test_probes_name_nothing_and_need_nobody(desk: Desk) -> None:
    answers = [await desk.http.get(path) for path in ("/v2", "/v2/health/live", "/v2/health/ready")]
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert answers[0].json() == {"name": "guildhall", "version": "1", "extensions": []}


async def test_tables_that_cannot_be_read_decide_nothing(granted: Desk, cluster: ScriptedCluster) -> None:
    database = granted.services.settings.data / "guildhall.db"
    headers = granted.headers("member")
    await granted.services.database.close()
    database.rename(database.with_suffix(".away"))
    answer = await granted.http.post(f"{CREDIT}/infer", headers=headers, content=b"{}")
    assert answer.status_code == 503
    assert answer.json()["reasons"] == ["facts_unavailable"]
    assert cluster.requests == []
