import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from policy.bundles import read_bundle
from policy.decide import decide
from policy.decision import UNDEFINED, Entrypoint, Query
from policy.errors import DeciderFailedError, DeciderTimeoutError
from policy.opa import OpaAddress, OpaDecider, split_path
from tests.patience import PATIENCE
from tests.real.opa import OpaServer

Answer = Callable[[asyncio.StreamWriter], Awaitable[None]]
ONE = {"bundles": {"guildhall": {"revision": "r1"}}}


@asynccontextmanager
async def server(answer: Answer, *, fewest: int = 1) -> AsyncIterator[str]:
    """A server on loopback that reads one request and then does as it is told.

    Whoever gives up early may have gone before the question was read: then the `fewest` is none.
    """

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(
            int(line.split(b":")[1])
            for line in head.lower().split(b"\r\n")
            if line.startswith(b"content-length")
        )
        await reader.readexactly(length)
        heads.append(head)
        await answer(writer)
        writer.close()

    heads: list[bytes] = []
    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        listening.close()
        assert fewest <= len(heads) <= 1, "a question is asked once"


def saying(body: object, status: str = "200 OK") -> Answer:
    async def answer(writer: asyncio.StreamWriter) -> None:
        text = (body if isinstance(body, str) else json.dumps(body)).encode()
        head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(text)}\r\n\r\n"
        writer.write(head.encode() + text)
        await writer.drain()

    return answer


async def ask(answer: Answer, bundle: str | None = None) -> tuple[object, str]:
    async with server(answer) as url:
        decider = OpaDecider(OpaAddress(url, bundle=bundle), timeout=PATIENCE)
        try:
            evaluation = await decider.evaluate(Entrypoint.DECISION, {"v": 1})
        finally:
            await decider.close()
    return evaluation.result, evaluation.revision


async def test_the_result_and_the_bundles_revision_are_read() -> None:
    assert await ask(saying({"result": {"allow": True}, "provenance": ONE})) == ({"allow": True}, "r1")


async def test_no_result_is_undefined_and_null_is_a_value() -> None:
    assert await ask(saying({"provenance": ONE})) == (UNDEFINED, "r1")
    assert await ask(saying({"result": None, "provenance": ONE})) == (None, "r1")


@pytest.mark.parametrize(
    "provenance",
    [
        None,
        {},
        {"bundles": None},
        {"bundles": {}},
        {"bundles": {"a": None}},
        {"bundles": {"a": {"revision": 1}}},
    ],
)
async def test_without_a_clear_revision_there_is_none(provenance: object) -> None:
    assert await ask(saying({"result": {}, "provenance": provenance})) == ({}, "")


async def test_of_several_bundles_ours_must_be_named() -> None:
    two = {"bundles": {"other": {"revision": "x"}, "guildhall": {"revision": "r1"}}}
    assert await ask(saying({"result": {}, "provenance": two})) == ({}, "")
    assert await ask(saying({"result": {}, "provenance": two}), "guildhall") == ({}, "r1")
    assert await ask(saying({"result": {}, "provenance": two}), "absent") == ({}, "")


@pytest.mark.parametrize(
    "answer",
    [
        saying({"code": "eval_conflict_error"}, "500 Internal Server Error"),
        saying({}, "404 Not Found"),
        saying({}, "401 Unauthorized"),
        saying("not json"),
        saying([]),
    ],
)
async def test_an_error_is_a_failure_and_is_not_asked_again(answer: Answer) -> None:
    with pytest.raises(DeciderFailedError):
        await ask(answer)


async def test_a_server_that_hangs_is_a_timeout() -> None:
    released = asyncio.Event()

    async def hang(writer: asyncio.StreamWriter) -> None:
        await released.wait()

    async with server(hang, fewest=0) as url:
        decider = OpaDecider(OpaAddress(url), timeout=0.1)
        with pytest.raises(DeciderTimeoutError):
            await decider.evaluate(Entrypoint.DECISION, {})
        released.set()
        await decider.close()


@pytest.mark.parametrize(
    "url", ["ftp://h", "http://", "http://h/opa", "h:8181", "http://h?x", "http://u:p@h"]
)
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="address"):
        OpaDecider(OpaAddress(url))


@pytest.mark.parametrize(
    "path",
    [
        "../config",
        "a?b",
        "%2e%2e/x",
        "a/../b",
        "a//b",
        "/a/b",
        "a/b/",
        "A/b",
        "a b/c",
        "decision",
        "a.b/c",
        "a/b\n",
    ],
)
def test_case_78_a_path_that_could_lead_elsewhere_is_refused_before_the_network(path: str) -> None:
    with pytest.raises(ValueError, match="lower-case names"):
        split_path(path)


def test_every_entrypoint_is_a_path() -> None:
    assert [split_path(entrypoint.value) for entrypoint in Entrypoint] == [
        ("guildhall/authz", "decision"),
        ("guildhall/approval", "plan"),
        ("guildhall/list", "scope"),
    ]


def test_a_token_is_never_shown() -> None:
    assert "s3cret" not in repr(OpaAddress("http://h", token="s3cret"))


@pytest.mark.real
async def test_a_stopped_server_refuses_everything_until_it_is_back(opa: OpaServer) -> None:
    query = Query({"id": "p"}, "model.read", {"type": "route"})
    decider = OpaDecider(OpaAddress(opa.url), timeout=PATIENCE)
    opa.stop()
    try:
        decision = await decide(decider, query, active_revision=read_bundle().revision)
        assert (decision.allow, decision.reasons) == (False, ("policy_error",))
    finally:
        opa.start()
    decision = await decide(decider, query, active_revision=read_bundle().revision)
    assert decision.reasons != ("policy_error",)
    await decider.close()
