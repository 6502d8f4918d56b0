"""Reads a request's body, with a limit that holds while it arrives."""

from console.asgi import Receive


class TooLargeError(Exception):
    """The body is larger than the gateway takes."""


class ClientGoneError(Exception):
    """The client left before its request was whole."""


async def read_body(receive: Receive, limit: int) -> bytes:
    """Return the whole body.

    Raises:
        TooLargeError: it is longer than `limit` bytes.
        ClientGoneError: the client left.
    """
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
