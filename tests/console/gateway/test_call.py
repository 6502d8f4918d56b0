"""A governed call from end to end: decided, recorded, forwarded with little, answered with less."""

import hashlib

from console.asgi import Message
from console.gateway.app import Gateway
from tests.console.gateway.clusters import ScriptedCluster, answering
from tests.console.gateway.conftest import CREDIT, INFER, Desk
from tests.console.gateway.records import opened

CONFINED = {
    "x-content-type-options": "nosniff",
    "content-security-policy": "sandbox; default-src 'none'",
    "cache-control": "no-store",
}


async def test_a_granted_call_is_answered_and_is_one_entry(granted: Desk, cluster: ScriptedCluster) -> None:
    answer = await granted.call()
    assert (answer.status_code, answer.content) == (200, b'{"outputs":[]}')
    (kept,) = granted.kept()
    assert kept.ended == ("success", ())
    assert answer.headers["guildhall-audit-id"] == kept.id
    assert kept.head["action"] == "model.invoke"
    assert cluster.requests[0].line == "POST /v2/models/credit-default/versions/1/infer HTTP/1.1"


async def test_the_entry_names_grant_and_request_and_keeps_hashes_not_bodies(granted: Desk) -> None:
    await granted.call()
    (kept,) = granted.kept()
    assert {"grant", "request", "decision", "policy"} <= kept.head.keys()
    contents = {part.name: await opened(granted.services, part) for part in kept.parts}
    assert contents["call"]["sha256"] == hashlib.sha256(INFER).hexdigest()
    assert contents["decision"]["result"]["allow"] is True
    assert contents["actor"]["interface"] == "gateway"
    assert kept.outcome is not None
    answer = await opened(granted.services, kept.outcome.parts[0])
    assert answer == {"bytes": 14, "sha256": hashlib.sha256(b'{"outputs":[]}').hexdigest(), "status": 200}


async def test_credentials_cookies_and_identities_never_reach_the_cluster(
    granted: Desk, cluster: ScriptedCluster
) -> None:
    more = {"cookie": "guildhall=1", "x-api-key": "k", "x-forwarded-for": "10.0.0.1", "accept": "*/*"}
    await granted.call(headers={**more, "proxy-authorization": "Basic x", "x-user": "admin"})
    assert cluster.requests[0].headers.keys() == {"host", "content-type", "accept", "content-length"}


async def test_the_cluster_decides_no_header_of_the_answer(granted: Desk, cluster: ScriptedCluster) -> None:
    cluster.behave = answering(
        b"<script>alert(1)</script>",
        "Content-Type: text/html",
        "Set-Cookie: guildhall=stolen",
        "Guildhall-Audit-Id: 00000000-0000-0000-0000-000000000000",
        "Guildhall-Anything: forged",
        "Access-Control-Allow-Origin: *",
        "Server: Elsewhere",
    )
    answer = await granted.call()
    assert answer.headers.keys() - {"date"} == {
        "content-type",
        "content-length",
        "guildhall-audit-id",
        *CONFINED,
    }
    assert {name: answer.headers[name] for name in CONFINED} == CONFINED
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["guildhall-audit-id"] == granted.kept()[0].id


async def test_an_error_of_the_cluster_is_passed_on_and_recorded_as_failure(
    granted: Desk, cluster: ScriptedCluster
) -> None:
    cluster.behave = answering(b'{"error":"no such input"}', status="400 Bad Request")
    answer = await granted.call()
    assert (answer.status_code, answer.json()) == (400, {"error": "no such input"})
    assert granted.kept()[0].ended == ("failure", ("upstream_status:400",))


async def test_descriptions_are_decided_but_only_their_refusals_are_recorded(
    granted: Desk, cluster: ScriptedCluster
) -> None:
    assert (await granted.get(CREDIT)).status_code == 200
    assert (await granted.get(f"{CREDIT}/ready")).status_code == 200
    assert granted.kept() == []
    lines = [seen.line for seen in cluster.requests]
    assert lines == [
        "GET /v2/models/credit-default/versions/1 HTTP/1.1",
        "GET /v2/models/credit-default/versions/1/ready HTTP/1.1",
    ]
    refused = await granted.get(CREDIT, "admin")
    assert refused.status_code == 403
    assert [kept.head["action"] for kept in granted.kept()] == ["model.describe"]


async def test_connections_to_a_cluster_are_kept(granted: Desk, cluster: ScriptedCluster) -> None:
    for _ in range(5):
        assert (await granted.call()).status_code == 200
    assert (len(cluster.requests), cluster.connections) == (5, 1)


async def test_versions_are_chosen_by_weight_or_by_label_among_the_listed(
    granted: Desk, cluster: ScriptedCluster
) -> None:
    await granted.serve(cluster.url, {"2": 0, "1.0+b": 0})
    for path, used in ((f"{CREDIT}/infer", "1"), (f"{CREDIT}/versions/2/infer", "2")):
        assert (await granted.call(path)).status_code == 200
        assert cluster.requests[-1].line == f"POST /v2/models/credit-default/versions/{used}/infer HTTP/1.1"
    for version in ("3", "2%2F..", "%32", "latest"):
        answer = await granted.call(f"{CREDIT}/versions/{version}/infer")
        assert (answer.status_code, answer.json()["reasons"]) == (404, ["unknown_version"]), version
    assert len(cluster.requests) == 2
    assert granted.kept()[-1].ended == ("failure", ("unknown_version",))


async def test_a_websocket_is_closed(granted: Desk) -> None:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    await Gateway(granted.services)({"type": "websocket", "path": "/v2/x"}, receive, send)
    assert sent == [{"type": "websocket.close"}]
