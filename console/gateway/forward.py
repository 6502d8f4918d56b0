"""Forwards a call and streams its answer, one piece behind: the outcome is written before the last one."""

import hashlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from audit.event import Outcome
from audit.spool.writer import SpoolUnavailableError
from console.asgi import Send
from console.gateway.adapters import v2
from console.gateway.answers import CONFINED, Refusal, audit_header, send_refusal
from console.gateway.recorder import Intent
from console.gateway.routing import Listed
from console.gateway.upstream import Connection, Pool, Target, UpstreamError, encode_request

REDIRECTS: Final = range(300, 400)
FIRST_ERROR: Final = 400
TIMED_OUT: Final = "upstream_timeout"


@dataclass(frozen=True, slots=True)
class Forwarded:
    """The request as the cluster gets it."""

    target: Target
    request: bytes = field(repr=False)
    body_bytes: int
    body_sha256: str

    @classmethod
    def of(
        cls, method: str, suffix: str, listed: Listed, headers: Mapping[bytes, bytes], body: bytes
    ) -> "Forwarded":
        """Return the request for `listed`: credentials stripped, the version pinned."""
        path = v2.path_of(listed.upstream_name, listed.upstream_version, suffix)
        passed = v2.request_headers(headers, has_body=bool(body))
        request = encode_request(method, path, listed.target, passed, body)
        return cls(listed.target, request, len(body), hashlib.sha256(body).hexdigest())

    def described(self, listed: Listed) -> dict[str, object]:
        """Return what the intent keeps of it: never the body, its length and hash."""
        return {
            "version": listed.label,
            "cluster": listed.cluster,
            "upstream_name": listed.upstream_name,
            "upstream_version": listed.upstream_version,
            "bytes": self.body_bytes,
            "sha256": self.body_sha256,
        }


async def forward(pool: Pool, forwarded: Forwarded, intent: Intent | None, send: Send) -> None:
    """Call the cluster and stream its answer to the client; `intent` is concluded whatever happens."""
    answer = Answer(intent)
    try:
        async with pool.exchange(forwarded.target, forwarded.request) as connection:
            refuse_redirect(connection)
            await answer.stream(connection, pool.pieces(connection), send)
    except UpstreamError as error:
        await answer.fail(error.reason, send)
    except SpoolUnavailableError:
        await answer.withhold(send)
    finally:
        # Still open: the client left, or the process is being stopped.
        answer.conclude(Outcome.FAILURE, "client_gone")


def refuse_redirect(connection: Connection) -> None:
    """Never follow a redirect: a cluster must not send a governed call elsewhere.

    Raises:
        UpstreamError: with reason `upstream_redirect`.
    """
    if connection.status in REDIRECTS:
        raise UpstreamError("upstream_redirect")


class Answer:
    """The answer on its way, hashed as it goes."""

    def __init__(self, intent: Intent | None) -> None:
        """Begin; `intent` is None for calls of which only refusals are recorded."""
        self._intent = intent
        self._status = 0
        self._bytes = 0
        self._hash = hashlib.sha256()
        self._started = False

    async def stream(self, connection: Connection, pieces: AsyncIterator[bytes], send: Send) -> None:
        """Send the answer one piece behind, so that the last piece waits for the outcome."""
        self._status = connection.status
        held: bytes | None = None
        async for piece in pieces:
            self._hash.update(piece)
            self._bytes += len(piece)
            if held is not None:
                await self._send(connection, held, send, more=True)
            held = piece
        success = self._status < FIRST_ERROR
        self.conclude(Outcome.SUCCESS if success else Outcome.FAILURE, f"upstream_status:{self._status}")
        await self._send(connection, held or b"", send, more=False)

    async def fail(self, reason: str, send: Send) -> None:
        """Record that the cluster failed; tell the client, unless its answer has begun already."""
        self.conclude(Outcome.FAILURE, reason)
        if self._started:
            raise ConnectionError(reason)
        status = 504 if reason == TIMED_OUT else 502
        await send_refusal(
            send, Refusal(status, (reason,), entry=self._intent.entry if self._intent else None)
        )

    async def withhold(self, send: Send) -> None:
        """The outcome could not be written: the answer does not go out whole, and ends as unknown."""
        if self._started:
            raise ConnectionError("audit_unavailable")
        await send_refusal(send, Refusal(503, ("audit_unavailable",)))

    def conclude(self, outcome: Outcome, reason: str) -> None:
        """Write the outcome once; of a success the status says enough."""
        if self._intent is None:
            return
        reasons = () if outcome is Outcome.SUCCESS else (reason,)
        content = {"status": self._status, "bytes": self._bytes, "sha256": self._hash.hexdigest()}
        self._intent.conclude(outcome, reasons, content)

    async def _send(self, connection: Connection, piece: bytes, send: Send, *, more: bool) -> None:
        if not self._started:
            self._started = True
            await send(
                {"type": "http.response.start", "status": self._status, "headers": self._head(connection)}
            )
        await send({"type": "http.response.body", "body": piece, "more_body": more})

    def _head(self, connection: Connection) -> list[tuple[bytes, bytes]]:
        given = dict(connection.headers)
        kind = v2.answer_type(given.get(b"content-type", b""))
        head = [(b"content-type", kind), *CONFINED]
        if (length := given.get(b"content-length", b"")).isdigit():
            head.append((b"content-length", length))
        head += audit_header(self._intent.entry if self._intent else None)
        return head
