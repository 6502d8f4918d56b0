"""The caller's side of a call: its body, with limits that hold while it arrives, and whether it stays."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Final

from console.asgi import Receive

INTAKE_SECONDS: Final = 60.0


class TooLargeError(Exception):
    """The body is larger than the gateway takes."""


class TooSlowError(Exception):
    """The body did not arrive in time."""


class ClientGoneError(Exception):
    """The client left before its request was whole, or its answer."""


async def read_body(receive: Receive, limit: int, seconds: float = INTAKE_SECONDS) -> bytes:
    """Return the whole body.

    Raises:
        TooLargeError: it is longer than `limit` bytes.
        TooSlowError: it takes longer than `seconds`.
        ClientGoneError: the client left.
    """
    try:
        async with asyncio.timeout(seconds):
            return await _read(receive, limit)
    except TimeoutError:
        raise TooSlowError from None


async def _read(receive: Receive, limit: int) -> bytes:
    pieces, size = [], 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGoneError
        piece = message.get("body", b"")
        size += len(piece)
        if size > limit:
            raise TooLargeError
        pieces.append(piece)
        if not message.get("more_body"):
            return b"".join(pieces)


@contextlib.asynccontextmanager
async def while_client_stays(receive: Receive) -> AsyncIterator[None]:
    """Break off what is inside once the client leaves; the body must have been read before.

    A server drops what is sent to a client that left, in silence: only `receive` tells.

    Raises:
        ClientGoneError: it left.
    """
    left, working = False, asyncio.current_task()

    async def watch() -> None:
        nonlocal left
        while (await receive())["type"] != "http.disconnect":
            pass
        left = True
        if working is not None:
            working.cancel()

    watcher = asyncio.create_task(watch())
    try:
        yield
    except asyncio.CancelledError:
        if left and working is not None and not working.uncancel():
            raise ClientGoneError from None
        raise
    finally:
        watcher.cancel()
