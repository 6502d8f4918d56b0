"""What a hostile cluster can do to discovery: be left out, or make it say one clear sentence."""

import asyncio
import gzip
import json
import tracemalloc
from typing import Any

import pytest

from console.catalog.addresses import ClusterAddress
from console.catalog.asking import ANSWER_LIMIT
from console.catalog.clusters import MODELS_LIMIT, served_versions
from console.errors import ServiceUnavailableError
from tests.console.catalog.v2_cluster import (
    INDEX,
    METADATA,
    TENSOR,
    V2Cluster,
    answering,
    endless,
    raw,
    silent,
)
from tests.patience import PATIENCE, within

CHURN = "GET /v2/models/churn/versions/1"
SCRIPT = "<script>alert(1)</script>"


async def served(cluster: V2Cluster, seconds: float = PATIENCE) -> dict[tuple[str, str], Any]:
    found = await served_versions(ClusterAddress(cluster.url, frozenset()), seconds)
    return {(item.name, item.version): item for item in found}


async def refusal(cluster: V2Cluster, seconds: float = PATIENCE) -> str:
    with pytest.raises(ServiceUnavailableError) as error:
        await served(cluster, seconds)
    assert error.value.detail.endswith(".")
    return error.value.reasons[0]


async def test_versions_come_with_their_tensors_and_their_own_readiness(cluster: V2Cluster) -> None:
    cluster.serve(("churn", "1"), ("churn", "2"), ("plain", ""))
    cluster.not_ready.add(("churn", "2"))
    found = await served(cluster)
    assert {key: (item.ready, item.platform) for key, item in found.items()} == {
        ("churn", "1"): (True, "sklearn"),
        ("churn", "2"): (False, "sklearn"),
        ("plain", ""): (True, "sklearn"),
    }
    assert found["churn", "1"].inputs == (TENSOR,)


async def test_a_version_without_metadata_is_there_but_not_ready(cluster: V2Cluster) -> None:
    cluster.serve(("churn", "1"), ("other", "1"))
    for odd in (b"", b"[]", b"null", b'"text"', b"{", b"\xff", b"[" * 100_000, b"9" * 5000):
        cluster.instead = {CHURN: answering(200, odd)}
        item = (await served(cluster))["churn", "1"]
        assert (item.ready, item.described, item.inputs) == (False, False, ())


async def test_items_with_absurd_names_are_left_out(cluster: V2Cluster) -> None:
    bad: list[object] = [
        SCRIPT,
        "../../admin",
        "a/b",
        "a%2fb",
        "a\0",
        "\ud800",
        "x" * 101,
        "",
        1,
        None,
        ["a"],
    ]
    cluster.serve(("churn", "1"))
    versions: list[object] = [SCRIPT, "../1", "v" * 65, 1, True, {}, []]
    cluster.index = [
        *({"name": name, "version": "1", "state": "READY"} for name in bad),
        *({"name": "churn", "version": version} for version in versions),
        *("text", None, 7, [], {}, {"version": "1"}, {"name": {}}),
        {"name": "churn", "version": "1", "state": {"not": "text"}},
        {"name": "churn", "version": "1"},
    ]
    assert list(await served(cluster)) == [("churn", "1")]
    assert len([line for line in cluster.asked if line == CHURN]) == 1


async def test_only_tensors_of_the_protocol_are_kept(cluster: V2Cluster) -> None:
    good = {"name": "tensor é", "datatype": "BYTES", "shape": [-1]}
    bad: list[object] = [
        {**good, "datatype": SCRIPT},
        {**good, "datatype": ["FP64"]},
        {**good, "shape": "1"},
        {**good, "shape": [1.5]},
        {**good, "shape": [True]},
        {**good, "shape": [-2]},
        {**good, "shape": [2**63]},
        {**good, "shape": [1] * 17},
        {**good, "shape": None},
        {**good, "name": 1},
        {**good, "name": ""},
        {**good, "name": "a\0"},
        {**good, "name": "\ud800"},
        {**good, "name": "x" * 101},
        *(None, "text", 1, [], {}),
    ]
    extra = {**good, "parameters": {"content_type": SCRIPT}}
    metadata = {"platform": "a\0b", "inputs": [*bad, extra], "outputs": {"name": "y"}}
    cluster.models = {("churn", "1"): metadata}
    item = (await served(cluster))["churn", "1"]
    assert (item.inputs, item.outputs, item.platform) == ((good,), (), "")


async def test_no_more_than_a_hundred_tensors_are_kept(cluster: V2Cluster) -> None:
    cluster.models = {("churn", "1"): {**METADATA, "inputs": [TENSOR] * 1000}}
    assert len((await served(cluster))["churn", "1"].inputs) == 100


@pytest.mark.parametrize("index", [{}, "text", 1, None, {"models": []}])
async def test_an_index_that_is_no_list_is_an_error(cluster: V2Cluster, index: object) -> None:
    cluster.instead = {INDEX: answering(200, json.dumps(index).encode())}
    assert await refusal(cluster) == "cluster_answer"


@pytest.mark.parametrize("body", [b"", b"<html>", b"[" * 200_000, b"[" + b"9" * 5000 + b"]", b"\xff\xfe\x00"])
async def test_an_index_that_is_no_json_is_an_error(cluster: V2Cluster, body: bytes) -> None:
    cluster.instead = {INDEX: answering(200, body)}
    assert await refusal(cluster) == "cluster_answer"


async def test_a_list_without_end_is_refused_rather_than_cut(cluster: V2Cluster) -> None:
    cluster.index = [{"name": f"m{number}"} for number in range(MODELS_LIMIT + 1)]
    assert await refusal(cluster) == "cluster_too_large"
    assert cluster.asked == [INDEX]


@pytest.mark.parametrize("status", [204, 301, 302, 307, 401, 403, 404, 500])
async def test_refusals_and_redirects_are_told_and_not_followed(cluster: V2Cluster, status: int) -> None:
    here = f"Location: {cluster.url}/v2/models/churn"
    cluster.instead = {INDEX: answering(status, b"", here, "WWW-Authenticate: Basic")}
    assert await refusal(cluster) == "cluster_refused"
    assert cluster.asked == [INDEX]


async def test_a_redirect_of_metadata_is_not_followed(cluster: V2Cluster) -> None:
    cluster.serve(("churn", "1"), ("other", "1"))
    cluster.instead = {CHURN: answering(302, b"", f"Location: {cluster.url}/elsewhere")}
    assert not (await served(cluster))["churn", "1"].described
    assert not [line for line in cluster.asked if "elsewhere" in line]


async def test_compressed_answers_are_not_unpacked(cluster: V2Cluster) -> None:
    bomb = gzip.compress(b"[" + b" " * 50_000_000 + b"]")
    cluster.instead = {INDEX: answering(200, bomb, "Content-Encoding: gzip")}
    assert await refusal(cluster) == "cluster_answer"


@pytest.mark.parametrize("line", [INDEX, CHURN, f"{CHURN}/ready"])
async def test_an_answer_without_end_costs_little_memory(cluster: V2Cluster, line: str) -> None:
    cluster.serve(("churn", "1"))
    cluster.instead = {line: endless(b" " * 65_536)}
    tracemalloc.start()
    try:
        assert await refusal(cluster) == "cluster_answer"
        assert tracemalloc.get_traced_memory()[1] < 8 * ANSWER_LIMIT
    finally:
        tracemalloc.stop()


async def test_many_large_answers_end_the_sync(cluster: V2Cluster) -> None:
    cluster.serve(*((f"m{number}", "1") for number in range(40)))
    large = json.dumps({**METADATA, "padding": "x" * (ANSWER_LIMIT - 1000)}).encode()
    for name, _ in cluster.models:
        line = f"GET /v2/models/{name}/versions/1"
        cluster.instead[line] = answering(200, large)
    assert await refusal(cluster) == "cluster_answer"
    assert len(cluster.asked) < 60


@pytest.mark.parametrize("line", [INDEX, CHURN, f"{CHURN}/ready"])
async def test_silence_and_a_slow_drip_end_in_time(cluster: V2Cluster, line: str) -> None:
    cluster.serve(("churn", "1"), ("churn", "2"))
    for behaviour in (silent, endless(b" ", pause=0.01)):
        cluster.instead = {line: behaviour}
        async with within(5):
            assert await refusal(cluster, seconds=0.3) == "cluster_timeout"


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"\0" * 1000,
        b"HTTP/1.1 999 X\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n[]",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"a" * 1_000_000,
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n",
        b"SSH-2.0-OpenSSH\r\n",
    ],
)
async def test_what_is_not_http_is_an_error(cluster: V2Cluster, answer: bytes) -> None:
    cluster.instead = {INDEX: raw(answer)}
    assert await refusal(cluster) in {"cluster_unreachable", "cluster_refused"}


async def test_nobody_there_is_an_error(cluster: V2Cluster) -> None:
    closed = V2Cluster()
    server = await asyncio.start_server(closed.handle, "127.0.0.1", 0)
    closed.port = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    assert await refusal(closed) == "cluster_unreachable"


async def test_a_cluster_gets_no_credential_and_its_cookies_reach_nobody(cluster: V2Cluster) -> None:
    cookie = ("Set-Cookie: session=stolen; Path=/", "Guildhall-Audit-Id: forged")
    cluster.instead = {INDEX: answering(200, b"[]", *cookie)}
    for _ in range(2):
        assert await served(cluster) == {}
    sent = {
        line.partition(":")[0].lower() for head in cluster.heads for line in head.split("\r\n")[1:] if line
    }
    assert sent.isdisjoint({"cookie", "authorization", "traceparent"})


async def test_a_socket_that_led_to_us_is_not_read(cluster: V2Cluster) -> None:
    address = ClusterAddress(cluster.url, frozenset({("here", cluster.port)}))
    with pytest.raises(ServiceUnavailableError) as error:
        await served_versions(address)
    assert error.value.reasons == ("own_service",)


async def test_a_proxy_of_the_environment_is_not_used(
    cluster: V2Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    cluster.serve(("churn", "1"))
    assert list(await served(cluster)) == [("churn", "1")]
