"""One governed call, left to right: decide, record the intent, forward, record the outcome."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from audit.spool.writer import SpoolUnavailableError
from console.asgi import Receive, Send
from console.gateway.adapters import v2
from console.gateway.answers import Refusal, send_refusal
from console.gateway.forward import Forwarded, forward
from console.gateway.intake import ClientGoneError, TooLargeError, read_body
from console.gateway.recorder import Intent, Recorder
from console.gateway.routing import Caller, Listed, Ruling, route_call
from console.gateway.table import Match
from console.gateway.upstream import Pool
from console.services import Services
from policy.decide import decide
from policy.decision import Decision, PolicyUnavailable

UNRECORDED: Final = Refusal(503, ("audit_unavailable",))
ASKABLE: Final = frozenset({"no_grant", "grant_expired"})


@dataclass(frozen=True, slots=True)
class Call:
    """A call by a known principal on one operation."""

    services: Services
    pool: Pool
    recorder: Recorder | None
    caller: Caller
    match: Match

    async def serve(self, headers: Mapping[bytes, bytes], receive: Receive, send: Send) -> None:
        """Decide, then refuse or forward. Decisions precede any check of the body."""
        ruling = await self._rule()
        listed = self._listed(ruling)
        refusal = _denial(ruling, listed) or v2.refuse_unsupported(headers)
        if refusal is not None or listed is None:
            await self._refuse(send, ruling, refusal or UNRECORDED)
            return
        try:
            body = await read_body(receive, self.services.settings.gateway.body_limit_bytes)
        except TooLargeError:
            await self._refuse(send, ruling, Refusal(413, ("body_too_large",)))
        except ClientGoneError:
            return
        else:
            operation = self.match.operation
            request = Forwarded.of(operation.method, operation.suffix, listed, headers, body)
            await self._forward(send, ruling, listed, request)

    async def _rule(self) -> Ruling:
        routed = await route_call(self.services, self.caller.principal, self.match)
        if routed is None:
            return Ruling()
        active = self.services.policy_revision
        return Ruling(routed, await decide(self.services.decider, routed.query, active_revision=active))

    def _listed(self, ruling: Ruling) -> Listed | None:
        allowed = ruling.decision is not None and ruling.decision.allow
        return ruling.routed.choose(self.match.version) if ruling.routed and allowed else None

    async def _forward(self, send: Send, ruling: Ruling, listed: Listed, request: Forwarded) -> None:
        intent: Intent | None = None
        if self.match.operation.recorded:
            try:
                intent = await self._intend(ruling, request.described(listed))
            except SpoolUnavailableError:
                await send_refusal(send, UNRECORDED)
                return
        await forward(self.pool, request, intent, send)

    async def _intend(self, ruling: Ruling, described: Mapping[str, object]) -> Intent:
        call = {**self._described(ruling), **described}
        return await self._writer().intend(self.match.operation.action, self.caller, ruling, call)

    async def _refuse(self, send: Send, ruling: Ruling, refusal: Refusal) -> None:
        entry = await self._record_refusal(ruling, refusal)
        decision = ruling.decision.id if ruling.decision else None
        said = Refusal(refusal.status, refusal.reasons, decision, entry, offer_access=refusal.offer_access)
        await send_refusal(send, said)

    async def _record_refusal(self, ruling: Ruling, refusal: Refusal) -> UUID | None:
        # A refusal that cannot be recorded stays a refusal: nothing happened that needed a record.
        action, described = self.match.operation.action, self._described(ruling)
        try:
            return await self._writer().refuse(action, self.caller, ruling, refusal.reasons, described)
        except SpoolUnavailableError:
            return None

    def _described(self, ruling: Ruling) -> dict[str, object]:
        name = ruling.routed.facts.route.name if ruling.routed else self.match.model
        return {"route": name, "operation": self.match.operation.name}

    def _writer(self) -> Recorder:
        if self.recorder is None:
            raise SpoolUnavailableError("The spool is not open yet.")
        return self.recorder


def _denial(ruling: Ruling, listed: Listed | None) -> Refusal | None:
    decision = ruling.decision
    if decision is None:
        return Refusal(404, ("not_found",))
    if decision.allow:
        return None if listed else Refusal(404, ("unknown_version",))
    return _refusal_of(decision)


def _refusal_of(decision: Decision) -> Refusal:
    if isinstance(decision, PolicyUnavailable):
        return Refusal(503, decision.reasons)
    if "not_found" in decision.reasons:
        return Refusal(404, ("not_found",))
    return Refusal(403, decision.reasons, offer_access=not ASKABLE.isdisjoint(decision.reasons))
