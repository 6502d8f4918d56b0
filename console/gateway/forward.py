"""Forwards a call and streams its answer, one piece behind: the outcome is written before the last one."""

import asyncio
import contextlib
import hashlib
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from audit.event import Outcome
from audit.spool.writer import SpoolUnavailableError
from console.asgi import Receive, Send
from console.freshness.standing import REVOKED, NoLongerAllowedError
from console.gateway.adapters import v2
from console.gateway.answers import CONFINED, Refusal, audit_header, send_refusal
from console.gateway.connection import Connection, UpstreamError
from console.gateway.intake import ClientGoneError, while_client_stays
from console.gateway.recorder import Intent
from console.gateway.routing import Listed
from console.gateway.upstream import TIMED_OUT, Pool, Target, encode_request

REDIRECTS: Final = range(300, 400)
FIRST_ERROR: Final = 400
CLIENT_GONE: Final = "client_gone"
INTERRUPTED: Final = "gateway_interrupted"
STATUSES: Final = {TIMED_OUT: 504, REVOKED: 403}


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


async def forward(
    pool: Pool,
    forwarded: Forwarded,
    intent: Intent | None,
    receive: Receive,
    send: Send,
    *,
    allowed: AbstractAsyncContextManager[None],
) -> None:
    """Call the cluster and stream its answer to the client while it is `allowed`.

    `intent` is concluded whatever happens.
    """
    answer = Answer(intent, send)
    try:
        async with (
            allowed,
            while_client_stays(receive),
            pool.exchange(forwarded.target, forwarded.request) as cluster,
        ):
            refuse_redirect(cluster.status)
            await answer.stream(cluster, pool.pieces(cluster))
    except NoLongerAllowedError as error:
        await answer.fail(*error.reasons)
    except UpstreamError as error:
        await answer.fail(error.reason)
    except ClientGoneError:
        await answer.fail(CLIENT_GONE)
    except SpoolUnavailableError:
        await answer.withhold()
    finally:
        # Still open only when this process is being stopped, or has a fault of its own.
        with contextlib.suppress(SpoolUnavailableError):
            answer.conclude(Outcome.FAILURE, INTERRUPTED)


def refuse_redirect(status: int) -> None:
    """Never follow a redirect: a cluster must not send a governed call elsewhere.

    Raises:
        UpstreamError: with reason `upstream_redirect`.
    """
    if status in REDIRECTS:
        raise UpstreamError("upstream_redirect")


class Answer:
    """The answer on its way, hashed as it goes."""

    def __init__(self, intent: Intent | None, send: Send) -> None:
        """Begin; `intent` is None for calls of which only refusals are recorded."""
        self._intent = intent
        self._send = send
        self._status = 0
        self._bytes = 0
        self._hash = hashlib.sha256()
        self._started = False

    async def stream(self, cluster: Connection, pieces: AsyncIterator[bytes]) -> None:
        """Send the answer one piece behind, so that the last piece waits for the outcome."""
        self._status = cluster.status
        held: bytes | None = None
        async for piece in pieces:
            self._hash.update(piece)
            self._bytes += len(piece)
            if held is not None:
                await self._pass_on(cluster, held, more=True)
            held = piece
        if self._started:
            await asyncio.sleep(0)  # a client that left while the last pieces were sent is noticed here
        success = self._status < FIRST_ERROR
        self.conclude(Outcome.SUCCESS if success else Outcome.FAILURE, f"upstream_status:{self._status}")
        await self._pass_on(cluster, held or b"", more=False)

    async def fail(self, *reasons: str) -> None:
        """Record a failure and tell the client; an answer that has begun is broken off."""
        try:
            self.conclude(Outcome.FAILURE, *reasons)
        except SpoolUnavailableError:
            await self.withhold()
        else:
            await self._refuse(STATUSES.get(reasons[0], 502), *reasons)

    async def withhold(self) -> None:
        """The outcome could not be written: the answer does not go out whole, and ends as unknown."""
        await self._refuse(503, "audit_unavailable")

    def conclude(self, outcome: Outcome, *reasons: str) -> None:
        """Write the outcome once; of a success the status says enough.

        Raises:
            SpoolUnavailableError: it could not be written.
        """
        if self._intent is None:
            return
        reasons = () if outcome is Outcome.SUCCESS else reasons
        content = {"status": self._status, "bytes": self._bytes, "sha256": self._hash.hexdigest()}
        self._intent.conclude(outcome, reasons, content)

    async def _refuse(self, status: int, *reasons: str) -> None:
        # An answer that has begun stays without its end: the server breaks it off, nobody takes it for whole.
        if not self._started:
            await send_refusal(self._send, Refusal(status, reasons, entry=self._entry))

    async def _pass_on(self, cluster: Connection, piece: bytes, *, more: bool) -> None:
        if not self._started:
            self._started = True
            head = self._head(cluster, None if more else len(piece))
            await self._send({"type": "http.response.start", "status": self._status, "headers": head})
        await self._send({"type": "http.response.body", "body": piece, "more_body": more})

    def _head(self, cluster: Connection, length: int | None) -> list[tuple[bytes, bytes]]:
        kind = v2.answer_type(cluster.headers.get(b"content-type", b""))
        said = cluster.headers.get(b"content-length", b"") if length is None else b"%d" % length
        sized = [(b"content-length", said)] if said.isdigit() else []
        return [(b"content-type", kind), *sized, *CONFINED, *audit_header(self._entry)]

    @property
    def _entry(self) -> UUID | None:
        return self._intent.entry if self._intent else None
