"""The few shapes of HTTP the development provider needs, on bare ASGI."""

import json
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

LONGEST_BODY = 16 * 1024
HTML = "text/html; charset=utf-8"
SECURITY_HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; style-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer to send."""

    status: int = 200
    body: str = ""
    kind: str = HTML
    headers: Mapping[str, str] = field(default_factory=dict)


def json_reply(content: Mapping[str, Any], status: int = 200) -> Reply:
    """Return `content` as JSON."""
    return Reply(status, json.dumps(content), "application/json")


def redirect(url: str) -> Reply:
    """Send the browser to `url` with GET."""
    return Reply(303, headers={"location": url})


def single_values(encoded: str) -> dict[str, str]:
    """Return form or query parameters.

    Raises:
        ValueError: a parameter is given twice (RFC 6749 section 3.1 forbids it) or there are too many.
    """
    pairs = parse_qsl(encoded, keep_blank_values=True, max_num_fields=50)
    values = dict(pairs)
    if len(values) != len(pairs):
        raise ValueError("A parameter is given twice.")
    return values


async def read_form(receive: Receive) -> dict[str, str]:
    """Return the form in the request's body.

    Raises:
        ValueError: longer than 16 KiB, or not a form.
    """
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message["type"] == "http.request" and message.get("more_body", False)
        if len(body) > LONGEST_BODY:
            raise ValueError("The request is too long.")
    return single_values(body.decode("ascii"))


async def send_reply(send: Send, reply: Reply) -> None:
    """Send `reply` with the headers that keep a page from being framed, cached or scripted."""
    content = reply.body.encode()
    headers = {
        **SECURITY_HEADERS,
        **reply.headers,
        "content-type": reply.kind,
        "content-length": len(content),
    }
    encoded = [(name.encode(), str(value).encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": reply.status, "headers": encoded})
    await send({"type": "http.response.body", "body": content})
