"""One governed call, left to right: decide, record the intent, forward, record the outcome."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy.exc import DBAPIError

from audit.spool.writer import SpoolUnavailableError
from console.asgi import Receive, Send
from console.errors import NotSignedInError
from console.freshness.principals import depends_of
from console.freshness.remembered import Remembered
from console.freshness.standing import Right, Verdict, while_allowed
from console.gateway.adapters import v2
from console.gateway.answers import Refusal, send_refusal
from console.gateway.forward import Forwarded, forward
from console.gateway.intake import ClientGoneError, TooLargeError, TooSlowError, read_body
from console.gateway.recorder import Intent, Recorder
from console.gateway.reuse import rule
from console.gateway.routing import DIFFERS, Caller, Evaluated, Listed, Ruling
from console.gateway.table import Match
from console.gateway.upstream import Pool
from console.services import Services
from policy.decision import Decision, PolicyUnavailable
from sso.principal import Principal

UNRECORDED: Final = Refusal(503, ("audit_unavailable",))
UNDECIDED: Final = Refusal(503, ("facts_unavailable",))
ASKABLE: Final = frozenset({"no_grant", "grant_expired"})


@dataclass(frozen=True, slots=True)
class Arrival:
    """When a call came, as the feed of moves counts, and how to tell again who calls."""

    mark: int
    identify: Callable[[], Awaitable[Principal]]


@dataclass(frozen=True, slots=True)
class Call:
    """A call by a known principal on one operation."""

    services: Services
    pool: Pool
    recorder: Recorder | None
    remembered: Remembered[Evaluated]
    caller: Caller
    match: Match
    arrival: Arrival

    async def serve(self, headers: Mapping[bytes, bytes], receive: Receive, send: Send) -> None:
        """Decide, then refuse or forward. Decisions precede any check of the body."""
        try:
            ruling = await self._rule(self.caller.principal)
        except DBAPIError:
            await self._refuse(send, Ruling(), UNDECIDED)
            return
        listed = self._listed(ruling)
        refusal = _denial(ruling, listed) or v2.refuse_unsupported(headers)
        if refusal is not None or listed is None:
            await self._refuse(send, ruling, refusal or UNRECORDED)
            return
        try:
            body = await read_body(receive, self.services.settings.gateway.body_limit_bytes)
        except TooLargeError:
            await self._refuse(send, ruling, Refusal(413, ("body_too_large",)))
        except TooSlowError:
            await self._refuse(send, ruling, Refusal(408, ("body_too_slow",)))
        except ClientGoneError:
            return
        else:
            await self._forward(ruling, listed, self._request(listed, headers, body), receive, send)

    async def _rule(self, principal: Principal) -> Ruling:
        return await rule(self.services, self.remembered, principal, self.match)

    def _listed(self, ruling: Ruling) -> Listed | None:
        return ruling.routed.choose(self.match.version) if ruling.routed and ruling.allowed else None

    def _request(self, listed: Listed, headers: Mapping[bytes, bytes], body: bytes) -> Forwarded:
        operation = self.match.operation
        sent = body if operation.method == "POST" else b""
        return Forwarded.of(operation.method, operation.suffix, listed, headers, sent)

    async def _forward(
        self, ruling: Ruling, listed: Listed, request: Forwarded, receive: Receive, send: Send
    ) -> None:
        intent: Intent | None = None
        if self.match.operation.recorded:
            try:
                intent = await self._intend(ruling, request.described(listed))
            except SpoolUnavailableError:
                await send_refusal(send, UNRECORDED)
                return
        watched = while_allowed(self.services.feed, self.services.clock, self._right(ruling, listed))
        await forward(self.pool, request, intent, receive, send, allowed=watched)

    def _right(self, ruling: Ruling, listed: Listed) -> Right:
        until = ruling.decision.valid_until if ruling.decision else None
        depends = depends_of(self.caller.principal) | (
            ruling.routed.depends() if ruling.routed else frozenset()
        )
        return Right(depends, self.arrival.mark, lambda: self._ask_again(listed), until)

    async def _ask_again(self, listed: Listed) -> Verdict:
        try:
            principal = await self.arrival.identify()
        except NotSignedInError as error:
            return Verdict(tuple(error.reasons))
        ruling = await self._rule(principal)
        decision = ruling.decision
        if decision is None or not decision.allow:
            reasons = decision.reasons if decision else ("not_found",)
            return Verdict(reasons, decided=not isinstance(decision, PolicyUnavailable))
        if ruling.routed and ruling.routed.differs(listed):
            return Verdict((DIFFERS,))
        return Verdict(valid_until=decision.valid_until)

    async def _intend(self, ruling: Ruling, described: Mapping[str, object]) -> Intent:
        call = {**self._described(ruling), **described}
        return await self._writer().intend(self.match.operation.action, self.caller, ruling, call)

    async def _refuse(self, send: Send, ruling: Ruling, refusal: Refusal) -> None:
        entry = await self._record_refusal(ruling, refusal)
        # A stranger to a hidden model and a caller of no model at all are told the very same.
        known = ruling.decision is not None and "not_found" not in refusal.reasons
        decision = ruling.decision.id if ruling.decision and known else None
        said = Refusal(refusal.status, refusal.reasons, decision, entry, offer_access=refusal.offer_access)
        await send_refusal(send, said)

    async def _record_refusal(self, ruling: Ruling, refusal: Refusal) -> UUID | None:
        # A refusal that cannot be recorded stays a refusal: nothing happened that needed a record.
        action, described = self.match.operation.action, self._described(ruling)
        outcome = ruling.outcome(refusal.reasons)
        person, denials = self.caller.principal.id, self.services.denials
        if counted := await denials.admit(person, refusal.reasons, outcome=outcome):
            return counted
        try:
            return await self._writer().refuse(action, self.caller, ruling, refusal.reasons, described)
        except SpoolUnavailableError:
            return None

    def _described(self, ruling: Ruling) -> dict[str, object]:
        name = ruling.routed.facts.route.name if ruling.routed else self.match.model
        return {"route": name, "operation": self.match.operation.name}

    def _writer(self) -> Recorder:
        if self.recorder is None:
            raise SpoolUnavailableError("The spool is not open.")
        return self.recorder


def _denial(ruling: Ruling, listed: Listed | None) -> Refusal | None:
    decision = ruling.decision
    if decision is None:
        return Refusal(404, ("not_found",))
    if decision.allow:
        if listed is None:
            return Refusal(404, ("unknown_version",))
        return Refusal(403, (DIFFERS,)) if listed.differs else None
    return _refusal_of(decision)


def _refusal_of(decision: Decision) -> Refusal:
    if isinstance(decision, PolicyUnavailable):
        return Refusal(503, decision.reasons)
    if "not_found" in decision.reasons:
        return Refusal(404, ("not_found",))
    return Refusal(403, decision.reasons, offer_access=not ASKABLE.isdisjoint(decision.reasons))
