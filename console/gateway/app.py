"""The gateway's door: who calls, and which operation of which protocol they ask for."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final

from sqlalchemy.exc import DBAPIError

from console.asgi import Receive, Scope, Send
from console.bearers import bearer_principal, identify_again
from console.errors import NotSignedInError, ServiceUnavailableError
from console.freshness.remembered import Remembered
from console.gateway.answers import Refusal, send_json, send_refusal
from console.gateway.call import UNDECIDED, Arrival, Call
from console.gateway.recorder import Recorder
from console.gateway.routing import Caller, Evaluated
from console.gateway.table import OPEN, match
from console.gateway.upstream import Pool
from console.proofs import PROOF_CHALLENGE, Presented
from console.questions import Origin
from console.services import Services
from sso.principal import Principal

DESCRIPTION: Final = b'{"name":"guildhall","version":"1","extensions":[]}'
CHALLENGE: Final = ((b"www-authenticate", b"Bearer"),)
PROOF: Final = ((b"www-authenticate", PROOF_CHALLENGE.encode()),)


class Gateway:
    """A bare ASGI callable for every governed path; starts and stops with its server."""

    def __init__(self, services: Services) -> None:
        """Serve on `services`; nothing is opened before `start`."""
        self._services = services
        self._pool = Pool(services.settings)
        self._recorder: Recorder | None = None
        self._remembered: Remembered[Evaluated] = Remembered(services.feed, services.clock)

    async def start(self) -> None:
        """Open this process's spool. While there is none it answers, and every call is refused."""
        self._recorder = Recorder(self._services)
        self._recorder.start()

    async def stop(self) -> None:
        """Close connections, then make the spool durable."""
        await self._pool.close()
        if self._recorder is not None:
            await self._recorder.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await send({"type": "websocket.close"})
            return
        headers, path, mark = _headers(scope), _path(scope), self._services.feed.mark
        if scope["method"] == "GET" and path in OPEN:
            await self._answer_open(path, send)
            return
        principal = await self._identify(scope, headers, send)
        if principal is None:
            return
        found = match(scope["method"], path)
        if found is None:
            self._count(scope, ("unknown_path",))
            await send_refusal(send, Refusal(404, ("unknown_path",)))
            return
        caller = Caller(principal, _origin(scope, headers))
        given = headers.get(b"authorization", b"").decode("latin-1")
        arrival = Arrival(mark, partial(identify_again, self._services, principal, given))
        call = Call(self._services, self._pool, self._recorder, self._remembered, caller, found, arrival)
        await call.serve(headers, receive, send)

    async def _identify(self, scope: Scope, headers: Mapping[bytes, bytes], send: Send) -> Principal | None:
        given = headers.get(b"authorization", b"").decode("latin-1")
        try:
            query = bytes(scope.get("query_string", b""))
            return await bearer_principal(self._services, given, query, _presented(scope, headers))
        except NotSignedInError as error:
            self._count(scope, error.reasons)
            bound = error.reasons[0].startswith("dpop_")
            await send_refusal(send, Refusal(401, error.reasons, headers=PROOF if bound else CHALLENGE))
        except ServiceUnavailableError as error:
            await send_refusal(send, Refusal(503, error.reasons))
        except DBAPIError:
            await send_refusal(send, UNDECIDED)
        return None

    def _count(self, scope: Scope, reasons: Sequence[str]) -> None:
        client = scope.get("client")
        self._services.denials.count_stranger(client[0] if client else None, reasons)

    async def _answer_open(self, path: str, send: Send) -> None:
        if path == "/v2":
            await send_json(send, 200, DESCRIPTION)
            return
        able = self._recorder is not None and self._recorder.broken is None
        if path.endswith("live"):
            await send_json(send, 200, b'{"live":true}')
        else:
            await send_json(send, 200 if able else 503, b'{"ready":%s}' % (b"true" if able else b"false"))


def _headers(scope: Scope) -> dict[bytes, bytes]:
    return {bytes(name).lower(): bytes(value) for name, value in scope["headers"]}


def _path(scope: Scope) -> str:
    # The raw path: a percent-encoded slash or dot must not be taken for structure.
    return bytes(scope["raw_path"]).partition(b"?")[0].decode("latin-1")


def _presented(scope: Scope, headers: Mapping[bytes, bytes]) -> Presented:
    # Each header by itself: of two proofs neither counts.
    proofs = [
        bytes(value).decode("latin-1") for name, value in scope["headers"] if bytes(name).lower() == b"dpop"
    ]
    return Presented(str(scope["method"]), _path(scope), headers.get(b"host", b"").decode("latin-1"), proofs)


def _origin(scope: Scope, headers: Mapping[bytes, bytes]) -> Origin:
    client = scope.get("client")
    agent = headers.get(b"user-agent", b"").decode("latin-1")[:200]
    return Origin("gateway", client[0] if client else None, agent or None)
