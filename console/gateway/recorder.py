"""What the gateway leaves behind: intents, outcomes and refusals, sealed, in its own spool."""

import contextlib
from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

from uuid_utils.compat import uuid7

from audit.body import seal_parts
from audit.details import check_parts
from audit.errors import AuditError, UnknownSubjectError
from audit.event import Event, Outcome, Part, Resource
from audit.events import Action
from audit.fold import CallOutcome
from audit.keyring import KeyRing, MemoryKeyRing
from audit.record import seal
from audit.spool.writer import SpoolUnavailableError, SpoolWriter
from audit.subject_keys import CachedKeyRing
from console.gateway.routing import Caller, Ruling
from console.questions import own_parts
from console.services import Services

SPOOL: Final = "spool"
ATTEMPTS: Final = 3


class Recorder:
    """One process's writer of calls. Everything raises `SpoolUnavailableError` when it cannot be kept."""

    def __init__(self, services: Services) -> None:
        """Open a spool of its own for this process."""
        self._services = services
        self._keys = CachedKeyRing(services.keys, services.clock)
        self._spool = SpoolWriter.open(services.settings.data / SPOOL, "gateway")

    @property
    def broken(self) -> str | None:
        """Why nothing can be recorded any more, if so."""
        return self._spool.broken

    async def close(self) -> None:
        """Make everything durable and end the spool."""
        await self._spool.close()

    async def intend(
        self, action: Action, caller: Caller, ruling: Ruling, call: Mapping[str, object]
    ) -> "Intent":
        """Make the intent of an allowed call durable, before anything goes upstream."""
        event = _event(action, caller, ruling, call, reasons=(), outcome=Outcome.UNKNOWN)
        keys = await self._hold_keys(event)
        number = await self._spool.append_durable(self._seal(event, keys), "intent")
        return Intent(self, event, number, keys)

    async def refuse(
        self,
        action: Action,
        caller: Caller,
        ruling: Ruling,
        reasons: Sequence[str],
        call: Mapping[str, object],
    ) -> UUID:
        """Record a refusal whole, and return the id of its entry.

        What was allowed and could not be served, such as a body in a form not taken, is a failure.
        """
        outcome = Outcome.FAILURE if ruling.allowed else Outcome.DENIED
        event = _event(action, caller, ruling, call, reasons=reasons, outcome=outcome)
        keys = await self._hold_keys(event)
        await self._spool.append_durable(self._seal(event, keys), "entry")
        return event.id

    def conclude(self, number: int, ended: CallOutcome) -> None:
        """Write how a call ended, with write(2): before the last byte of the answer goes out."""
        self._spool.append_outcome(number, ended.to_bytes())

    def now(self) -> int:
        """The time in microseconds UTC."""
        return self._services.clock()

    def _seal(self, event: Event, keys: KeyRing) -> bytes:
        try:
            return seal(event, time=self._services.clock(), keys=keys).to_bytes()
        except AuditError as error:
            raise SpoolUnavailableError("The record could not be sealed.") from error

    async def _hold_keys(self, event: Event) -> MemoryKeyRing:
        # Taken out at once: the cache forgets a key after five seconds, also between a look and a use.
        subjects = {None, *(part.subject for part in event.parts)}
        for _ in range(ATTEMPTS):
            with contextlib.suppress(UnknownSubjectError):
                return MemoryKeyRing([self._keys.key_for(subject) for subject in subjects])
            try:
                await self._keys.prepare(*subjects)
            except AuditError as error:
                raise SpoolUnavailableError("A key to seal the record with cannot be had.") from error
        raise SpoolUnavailableError("The keys to seal the record with do not stay.")


class Intent:
    """A call that is recorded as intended; it is concluded exactly once."""

    def __init__(self, recorder: Recorder, event: Event, number: int, keys: KeyRing) -> None:
        """Remember the call's act, entry and spool number, and the keys its outcome will be sealed with.

        They are kept for the call's life: an answer may take longer than the cache keeps keys.
        """
        self.entry = event.id
        self._action = event.action
        self._recorder = recorder
        self._keys = keys
        self._number: int | None = number

    def conclude(self, outcome: Outcome, reasons: Sequence[str], answer: Mapping[str, object]) -> None:
        """Write the outcome; a second one is not written."""
        if self._number is None:
            return
        number, self._number = self._number, None
        part = Part(name="answer", subject=None, content=answer)
        check_parts(self._action, [part])
        ended = CallOutcome(
            outcome=outcome,
            ended=self._recorder.now(),
            reasons=tuple(reasons),
            parts=seal_parts([part], self._keys),
        )
        self._recorder.conclude(number, ended)


def _event(
    action: Action,
    caller: Caller,
    ruling: Ruling,
    call: Mapping[str, object],
    *,
    reasons: Sequence[str],
    outcome: Outcome,
) -> Event:
    routed, decision = ruling.routed, ruling.decision
    used = routed.grant_used(decision) if routed and decision else None
    query = routed.query if routed else None
    return Event(
        id=uuid7(),
        action=action,
        actor=caller.principal.id,
        outcome=outcome,
        reasons=tuple(reasons),
        resource=Resource(type="route", id=routed.facts.route.id if routed else None),
        grant=used[0] if used else None,
        request=used[1] if used else None,
        decision=decision.id if decision else None,
        policy=decision.revision if decision else None,
        parts=(
            Part(name="call", subject=None, content=call),
            *own_parts(caller.principal, caller.origin, query, decision),
        ),
    )
