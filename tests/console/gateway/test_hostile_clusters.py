"""A cluster is not trusted: whatever it does, one clear answer, one record, and nothing of it left behind."""

import asyncio

import httpx2
import pytest

from console.gateway.connection import UpstreamError
from console.gateway.upstream import Pool, Target, encode_request
from tests.console.gateway.clusters import Behaviour, ScriptedCluster, Seen, answering, endless, raw, silent
from tests.console.gateway.conftest import CREDIT, INFER, Desk, eventually
from tests.patience import PATIENCE

pytestmark = pytest.mark.slow  # clusters that drip and stall take their time

OK = b"HTTP/1.1 200 OK\r\n"


def dripping(seconds: float) -> Behaviour:
    """A byte of the head at a time, for ever."""

    async def behave(_seen: Seen, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(OK)
        while True:
            writer.write(b"X")
            await writer.drain()
            await asyncio.sleep(seconds)

    return behave


def endless_head(field: bytes, begin: bytes = OK) -> Behaviour:
    """Header fields without an end."""

    async def behave(_seen: Seen, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(begin)
        while True:
            writer.write(field * 400)
            await writer.drain()

    return behave


BROKEN: dict[str, tuple[Behaviour, int, str]] = {
    "closes at once": (raw(b"", close=True), 502, "upstream_closed"),
    "closes in the head": (raw(OK + b"Content-Le", close=True), 502, "upstream_closed"),
    "closes before any of the body": (
        raw(OK + b"Content-Length: 5\r\n\r\n", close=True),
        502,
        "upstream_closed",
    ),
    "is no HTTP": (raw(b"SSH-2.0-OpenSSH_9.2\r\n"), 502, "upstream_malformed"),
    "redirects": (
        answering(b"away", "Location: http://127.0.0.1:1/", status="307 Temporary Redirect"),
        502,
        "upstream_redirect",
    ),
    "says not modified": (raw(b"HTTP/1.1 304 Not Modified\r\n\r\n"), 502, "upstream_redirect"),
    "switches protocols": (
        raw(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n"),
        502,
        "upstream_malformed",
    ),
    "has a status nobody knows": (
        raw(b"HTTP/1.1 799 Odd\r\nContent-Length: 0\r\n\r\n"),
        502,
        "upstream_malformed",
    ),
    "sends headers for ever": (endless_head(b"A: " + b"b" * 1000 + b"\r\n"), 502, "upstream_malformed"),
    "sends one header for ever": (endless_head(b"A" * 1000), 502, "upstream_malformed"),
    "sends interim answers for ever": (
        endless_head(b"HTTP/1.1 100 Continue\r\n\r\n", b""),
        502,
        "upstream_malformed",
    ),
    "has an absurd length": (
        raw(OK + b"Content-Length: " + b"9" * 40 + b"\r\n\r\n"),
        502,
        "upstream_malformed",
    ),
    "has two lengths": (
        raw(OK + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab"),
        502,
        "upstream_malformed",
    ),
    "has both framings": (
        raw(OK + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n"),
        502,
        "upstream_malformed",
    ),
    "has a bad chunk": (raw(OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n"), 502, "upstream_malformed"),
}


SLOW: dict[str, tuple[Behaviour, int, str]] = {
    "says nothing": (silent(), 504, "upstream_timeout"),
    "drips its head": (dripping(0.05), 504, "upstream_timeout"),
}


@pytest.mark.parametrize("how", sorted(BROKEN))
async def test_an_answer_that_is_none_is_told_and_recorded(
    granted: Desk, cluster: ScriptedCluster, how: str
) -> None:
    await told_and_recorded(granted, cluster, *BROKEN[how])
    cluster.behave = answering(b"{}")
    assert (await granted.call()).content == b"{}"


@pytest.mark.parametrize("how", sorted(SLOW))
async def test_an_answer_that_does_not_come_is_told_and_recorded(
    impatient: object, granted: Desk, cluster: ScriptedCluster, how: str
) -> None:
    await told_and_recorded(granted, cluster, *SLOW[how])
    # No second call within the one second that this gateway has: it could not meet this connection again.
    await asyncio.wait_for(cluster.left.wait(), PATIENCE)


async def told_and_recorded(
    granted: Desk, cluster: ScriptedCluster, behave: Behaviour, status: int, reason: str
) -> None:
    cluster.behave = behave
    answer = await granted.call()
    said = answer.json()
    assert (answer.status_code, said["reasons"]) == (status, [reason])
    assert said["error"]
    (kept,) = granted.kept()
    assert kept.ended == ("failure", (reason,))
    assert answer.headers["guildhall-audit-id"] == kept.id


async def test_a_cluster_that_is_not_there_is_told_and_recorded(granted: Desk) -> None:
    await granted.serve("http://127.0.0.1:1", {"2": 0})
    answer = await granted.call("/v2/models/risk.credit-default/versions/2/infer")
    assert (answer.status_code, answer.json()["reasons"]) == (502, ["upstream_unreachable"])
    assert granted.kept()[0].ended == ("failure", ("upstream_unreachable",))


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost:8400",
        "http://127.0.0.2:8400",
        "http://[::1]:8400",
        "http://192.0.2.1",
        "http://[::ffff:127.0.0.1]:9",
        "http://0x7f000001:9",
        "http://cluster.example:9",
    ],
)
async def test_our_own_port_and_foreign_networks_are_never_reached(granted: Desk, url: str) -> None:
    assert granted.services.settings.server.port == 8400
    await granted.serve(url, {"2": 0})
    answer = await granted.call("/v2/models/risk.credit-default/versions/2/infer")
    assert (answer.status_code, answer.json()["reasons"]) == (502, ["upstream_forbidden"])
    assert granted.kept()[0].ended == ("failure", ("upstream_forbidden",))


CUT: dict[str, tuple[Behaviour, str]] = {
    "dies": (raw(OK + b"Content-Length: 90\r\n\r\n0123456789", close=True), "upstream_closed"),
    "dies between chunks": (
        raw(OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\n01234\r\n", close=True),
        "upstream_closed",
    ),
    "goes on in nonsense": (
        raw(OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\n01234\r\nnonsense"),
        "upstream_malformed",
    ),
    "sends trailers for ever": (
        raw(
            OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\n01234\r\n0\r\n" + b"A: " + b"b" * 600_000 + b"\r\n"
        ),
        "upstream_malformed",
    ),
}


@pytest.mark.parametrize("how", sorted(CUT))
async def test_an_answer_that_breaks_off_is_a_failure_and_never_looks_whole(
    granted: Desk, cluster: ScriptedCluster, how: str
) -> None:
    await never_looks_whole(granted, cluster, *CUT[how])


async def test_an_answer_that_falls_silent_is_a_failure_and_never_looks_whole(
    impatient: object, granted: Desk, cluster: ScriptedCluster
) -> None:
    silent_within = raw(OK + b"Content-Length: 90\r\n\r\n0123456789")
    await never_looks_whole(granted, cluster, silent_within, "upstream_timeout")


async def never_looks_whole(granted: Desk, cluster: ScriptedCluster, behave: Behaviour, reason: str) -> None:
    cluster.behave = behave
    try:
        answer = await granted.call()
    except httpx2.HTTPError:
        pass  # the answer had begun: it breaks off
    else:
        assert answer.status_code in {502, 504}
        assert answer.json()["reasons"] == [reason]
    (kept,) = granted.kept()
    assert kept.ended == ("failure", (reason,))


async def test_an_answer_that_has_begun_breaks_off_without_its_end(
    granted: Desk, cluster: ScriptedCluster
) -> None:
    begun = asyncio.Event()

    async def behave(_seen: Seen, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(OK + b"Transfer-Encoding: chunked\r\n\r\n")
        while not begun.is_set():  # pieces that arrive as one are one, and the last is held back
            writer.write(b"5\r\n01234\r\n")
            await writer.drain()
            await asyncio.sleep(0.05)
        writer.close()

    cluster.behave = behave
    headers = granted.headers("member")
    async with granted.http.stream("POST", f"{CREDIT}/infer", content=INFER, headers=headers) as answer:
        assert answer.status_code == 200
        begun.set()
        with pytest.raises(httpx2.RemoteProtocolError):
            await answer.aread()
    assert granted.kept()[0].ended == ("failure", ("upstream_closed",))


async def test_a_steady_drip_has_an_end(granted: Desk, cluster: ScriptedCluster) -> None:
    async def behave(_seen: Seen, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(OK + b"Transfer-Encoding: chunked\r\n\r\n")
        while True:
            writer.write(b"1\r\nx\r\n")
            await writer.drain()
            await asyncio.sleep(0.02)

    cluster.behave = behave
    pool = Pool(granted.services.settings, longest=0.3)
    target = Target("127.0.0.1", cluster.port)

    async def take() -> None:
        async with pool.exchange(target, encode_request("GET", "/", target, [], b"")) as connection:
            async for piece in pool.pieces(connection):
                assert piece.strip(b"x") == b""

    with pytest.raises(UpstreamError, match="upstream_timeout"):
        await take()


async def test_more_bytes_than_announced_belong_to_no_answer(granted: Desk, cluster: ScriptedCluster) -> None:
    forged = b"HTTP/1.1 418 Teapot\r\nContent-Length: 6\r\n\r\nforged"
    for surplus in (b"surplus", forged):
        cluster.behave = raw(OK + b"Content-Length: 2\r\n\r\nok" + surplus)
        answer = await granted.call()
        assert (answer.status_code, answer.content) == (200, b"ok")
        cluster.behave = answering(b"next")
        assert (await granted.call()).content == b"next"


async def test_a_refused_answer_is_not_found_in_the_next_one(granted: Desk, cluster: ScriptedCluster) -> None:
    cluster.behave = answering(b"left over", "Location: /", status="302 Found")
    assert (await granted.call()).status_code == 502
    cluster.behave = answering(b"")
    assert (await granted.call()).content == b""


async def test_words_out_of_turn_end_a_kept_connection(granted: Desk, cluster: ScriptedCluster) -> None:
    async def behave(_seen: Seen, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(OK + b"Content-Length: 2\r\n\r\nok")
        await writer.drain()
        await asyncio.sleep(0.02)
        writer.write(OK + b"Content-Length: 6\r\n\r\nforged")

    cluster.behave = behave
    assert (await granted.call()).content == b"ok"
    await asyncio.wait_for(cluster.left.wait(), PATIENCE)
    cluster.behave = answering(b"next")
    assert (await granted.call()).content == b"next"


async def test_a_kept_connection_that_the_cluster_closed_is_not_used(
    granted: Desk, cluster: ScriptedCluster
) -> None:
    cluster.behave = raw(OK + b"Content-Length: 2\r\n\r\nok", close=True)
    for _ in range(3):
        assert (await granted.call()).content == b"ok"
    assert cluster.connections == 3


async def test_an_answer_without_a_length_ends_with_its_connection(
    granted: Desk, cluster: ScriptedCluster
) -> None:
    cluster.behave = raw(b"HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n[1,2]", close=True)
    answer = await granted.call()
    assert (answer.status_code, answer.json()) == (200, [1, 2])
    assert granted.kept()[0].ended == ("success", ())


async def test_no_content_and_interim_answers_are_understood(granted: Desk, cluster: ScriptedCluster) -> None:
    cluster.behave = raw(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n")
    answer = await granted.call()
    assert (answer.status_code, answer.content) == (204, b"")


async def test_a_large_answer_passes_whole_and_its_connection_is_kept(
    granted: Desk, cluster: ScriptedCluster
) -> None:
    body = bytes(range(256)) * 32_768
    cluster.behave = answering(body)
    for _ in range(2):
        answer = await granted.call()
        assert answer.content == body
        assert answer.headers["content-length"] == str(len(body))
    assert cluster.connections == 1


async def test_an_endless_answer_is_not_kept_in_memory(granted: Desk, cluster: ScriptedCluster) -> None:
    cluster.behave = endless(b"x" * 65_536)
    headers = granted.headers("member")
    async with granted.http.stream(
        "POST", "/v2/models/risk.credit-default/infer", content=b"{}", headers=headers
    ) as answer:
        taken = 0
        async for piece in answer.aiter_bytes():
            taken += len(piece)
            if taken > 20_000_000:
                break
    await eventually(lambda: granted.kept()[0].outcome)
    assert granted.kept()[0].ended == ("failure", ("client_gone",))
