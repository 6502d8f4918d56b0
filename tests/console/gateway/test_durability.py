"""What is on disk at each moment of a call: the intent before the cluster hears, the outcome at the end."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from uuid import UUID

import pytest

from console.gateway.forward import Answer
from console.gateway_settings import GatewaySettings
from tests.console.gateway.clusters import ScriptedCluster, Seen, silent
from tests.console.gateway.conftest import CREDIT, Desk, eventually, gateway_on
from tests.console.gateway.records import Kept
from tests.patience import PATIENCE

pytestmark = pytest.mark.slow

PIECE = b"x" * 50_000


async def send_raw(
    desk: Desk, *, length: int = 2, port: int = 0
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Send an infer call by hand; the answer is read as slowly as the test likes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port or desk.port)
    lines = [
        f"POST {CREDIT}/infer HTTP/1.1",
        "Host: x",
        f"Authorization: Bearer {desk.token_for('member')}",
        f"Content-Length: {length}",
    ]
    writer.write("\r\n".join([*lines, "", "{}"]).encode())
    return reader, writer


async def test_the_intent_is_on_disk_when_the_cluster_hears_of_the_call(
    granted: Desk, cluster: ScriptedCluster
) -> None:
    found: list[list[Kept]] = []

    async def behave(_seen: Seen, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        found.append(granted.kept())
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    cluster.behave = behave
    assert (await granted.call()).status_code == 200
    ((kept,),) = found
    assert (kept.outcome, kept.head["outcome"]) == (None, "unknown")


async def test_the_outcome_is_on_disk_while_the_last_piece_is_unsent(
    granted: Desk, cluster: ScriptedCluster
) -> None:
    go_on = asyncio.Event()

    async def behave(_seen: Seen, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 150000\r\n\r\n" + PIECE)
        await go_on.wait()
        writer.write(PIECE)
        await writer.drain()
        writer.write(PIECE)

    cluster.behave = behave
    reader, writer = await send_raw(granted)
    await eventually(lambda: cluster.requests)
    assert granted.kept()[0].outcome is None
    go_on.set()
    head = await reader.readuntil(b"\r\n\r\n")
    taken = 0
    while granted.kept()[0].outcome is None:
        taken += len(await reader.read(1000))
    # The outcome stood in the spool although the client cannot have had the whole answer yet.
    assert b"content-length: 150000" in head
    assert taken < 150_000
    assert granted.kept()[0].ended == ("success", ())
    rest = await reader.readexactly(150_000 - taken)
    assert rest.strip(b"x") == b""
    writer.close()


async def test_no_byte_of_a_small_answer_goes_out_before_its_outcome() -> None:
    order: list[str] = []

    class Sent:
        async def __call__(self, message: object) -> None:
            order.append("sent")

    class Watched:
        entry = UUID(int=1)

        def conclude(self, *_: object) -> None:
            order.append("concluded")

    class Head:
        status = 200
        headers: dict[bytes, bytes] = {}  # noqa: RUF012 - a stand-in for one answer

    async def pieces() -> AsyncIterator[bytes]:
        yield b"{}"

    answer = Answer(Watched(), Sent())  # type: ignore[arg-type]
    await answer.stream(Head(), pieces())  # type: ignore[arg-type]
    assert order == ["concluded", "sent", "sent"]


async def leave_while_waiting(desk: Desk, cluster: ScriptedCluster) -> None:
    cluster.behave = silent()
    _, writer = await send_raw(desk)
    await eventually(lambda: cluster.requests)
    writer.close()


async def leave_between_pieces(desk: Desk, cluster: ScriptedCluster) -> None:
    begun = asyncio.Event()

    async def behave(_seen: Seen, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 50000000\r\n\r\n")
        while not begun.is_set():  # pieces that arrive as one are one, and the last is held back
            writer.write(PIECE)
            await writer.drain()
            await asyncio.sleep(0.05)
        await reader.readexactly(1)

    cluster.behave = behave
    reader, writer = await send_raw(desk)
    await reader.readuntil(b"\r\n\r\n")
    begun.set()
    writer.close()


async def leave_unread(desk: Desk, cluster: ScriptedCluster) -> None:
    async def behave(_seen: Seen, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 50000000\r\n\r\n")
        for _ in range(1000):
            writer.write(PIECE)
            await writer.drain()

    cluster.behave = behave
    reader, writer = await send_raw(desk)
    await reader.readuntil(b"\r\n\r\n")
    writer.transport.abort()


@pytest.mark.parametrize("leave", [leave_while_waiting, leave_between_pieces, leave_unread])
async def test_a_client_that_leaves_ends_the_call_at_the_cluster_too(
    granted: Desk, cluster: ScriptedCluster, leave: Callable[[Desk, ScriptedCluster], Awaitable[None]]
) -> None:
    await leave(granted, cluster)
    await eventually(lambda: granted.kept()[0].outcome)
    assert granted.kept()[0].ended == ("failure", ("client_gone",))
    await asyncio.wait_for(cluster.left.wait(), PATIENCE)


async def test_a_client_that_leaves_within_its_request_made_no_call(
    granted: Desk, cluster: ScriptedCluster
) -> None:
    reader, writer = await send_raw(granted, length=9)
    await writer.drain()
    writer.close()
    assert await reader.read() == b""
    assert (await granted.call()).status_code == 200
    assert len(cluster.requests) == len(granted.kept()) == 1


async def test_a_gateway_told_to_end_concludes_what_it_breaks_off(
    granted: Desk, cluster: ScriptedCluster
) -> None:
    cluster.behave = silent()
    patient = GatewaySettings(upstream_timeout_seconds=60)
    settings = granted.services.settings.model_copy(update={"gateway": patient})
    async with gateway_on(replace(granted.services, settings=settings)) as url:
        _, writer = await send_raw(granted, port=int(url.rpartition(":")[2]))
        await eventually(lambda: cluster.requests)
    (kept,) = granted.kept()
    assert kept.ended == ("failure", ("gateway_interrupted",))
    writer.close()
