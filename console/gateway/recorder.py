"""What the gateway leaves behind: intents, outcomes and refusals, sealed, in its own spool."""

import asyncio
import contextlib
import hashlib
import logging
from collections.abc import Mapping, Sequence
from typing import Final, Literal
from uuid import UUID

from uuid_utils.compat import uuid7

from audit.errors import AuditError, UnknownSubjectError
from audit.event import Event, Outcome, Part, Resource
from audit.events import Action
from audit.fold import CallOutcome
from audit.spool.lives import SpoolLives
from audit.spool.room import SpoolRoom
from audit.spool.writer import SpoolUnavailableError, SpoolWriter
from audit.subjects.keyring import KeyRing, MemoryKeyRing
from audit.subjects.subject_keys import CachedKeyRing
from audit.written import write_outcome, write_record
from console.gateway.counted import CallCount
from console.gateway.routing import Caller, Ruling
from console.questions import own_parts
from console.services import Services

SPOOL: Final = "spool"
ATTEMPTS: Final = 3
EVERY_SECONDS: Final = 1.0
NOT_KEPT: Final = ("audit_unavailable",)
NOTHING_SENT: Final = {"status": 0, "bytes": 0, "sha256": hashlib.sha256().hexdigest()}
SCARCE: Final = "The spool's room is nearly used up: what it holds must be logged first."
logger = logging.getLogger("guildhall.gateway")


class Recorder:
    """One process's writer of calls. Everything raises `SpoolUnavailableError` when it cannot be kept."""

    def __init__(self, services: Services) -> None:
        """Open a spool of its own for this process."""
        settings = services.settings
        self._services = services
        self._keys = CachedKeyRing(services.keys, services.clock)
        self._spool = SpoolLives(settings.spool, "gateway", services.clock)
        self._room = SpoolRoom(settings.spool, settings.gateway.spool_limit_bytes, services.clock)
        self._counted = CallCount()
        self._running: asyncio.Task[None] | None = None
        self.mend()

    @property
    def broken(self) -> str | None:
        """Why no call can be recorded just now, if so."""
        return SCARCE if self._room.is_scarce else self._spool.broken

    def start(self) -> None:
        """Begin to look after the spool: its census each minute, and its next life when it broke."""
        self._running = asyncio.create_task(self._look_after())

    def mend(self) -> None:
        """Begin a next life of the spool where this one broke; what is still wrong is tried again."""
        try:
            self._spool.writer()
        except SpoolUnavailableError:
            logger.exception("The spool cannot be used; no call is made until it can.")

    def take_census(self) -> None:
        """Write down how many calls were recorded since the last census, for the worker to compare."""
        for record in self._counted.take(self._services.clock()):
            with contextlib.suppress(SpoolUnavailableError):
                self._spool.writer().append(record.to_bytes(), "entry")

    async def close(self) -> None:
        """Make everything durable and end the spool."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.wait([self._running])
        self.take_census()
        await self._spool.close()

    async def _look_after(self) -> None:
        while True:
            await asyncio.sleep(EVERY_SECONDS)
            if self._spool.broken is not None:
                self.mend()
            if self._counted.is_due(self._services.clock()):
                self.take_census()

    async def intend(
        self, action: Action, caller: Caller, ruling: Ruling, call: Mapping[str, object]
    ) -> "Intent":
        """Make the intent of an allowed call durable, before anything goes upstream."""
        event = _event(action, caller, ruling, call, reasons=(), outcome=Outcome.UNKNOWN)
        keys = await self._hold_keys(event)
        if self._room.is_scarce:
            raise SpoolUnavailableError(SCARCE)
        writer, number = await self._append(event, keys, "intent")
        ruling.note_recorded()
        return Intent(self, event, (writer, number), keys)

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
        event = _event(action, caller, ruling, call, reasons=reasons, outcome=ruling.outcome(reasons))
        keys = await self._hold_keys(event)
        await self._append(event, keys, "entry")
        ruling.note_recorded()
        return event.id

    async def _append(
        self, event: Event, keys: KeyRing, kind: Literal["intent", "entry"]
    ) -> tuple[SpoolWriter, int]:
        writer, record = self._spool.writer(), self._seal(event, keys)
        number = writer.append(record, kind)
        # Counted when written, durable or not: the worker may read it either way.
        if event.action is Action.MODEL_INVOKE and event.resource is not None:
            self._counted.add(writer, event.resource.id, admitted=kind == "intent")
        try:
            await writer.wait_until_durable(number)
        except SpoolUnavailableError:
            if kind == "intent":
                self._withdraw(event, keys, (writer, number))
            raise
        return writer, number

    def _withdraw(self, event: Event, keys: KeyRing, written: tuple[SpoolWriter, int]) -> None:
        """Say of an intent that may be read later that nothing was sent: else it stays open, and unknown."""
        with contextlib.suppress(SpoolUnavailableError):
            Intent(self, event, written, keys).conclude(Outcome.FAILURE, NOT_KEPT, NOTHING_SENT)

    def now(self) -> int:
        """The time in microseconds UTC."""
        return self._services.clock()

    def _seal(self, event: Event, keys: KeyRing) -> bytes:
        try:
            return write_record(event, time=self._services.clock(), keys=keys)
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

    def __init__(
        self, recorder: Recorder, event: Event, written: tuple[SpoolWriter, int], keys: KeyRing
    ) -> None:
        """Remember the call's act, its entry, where it was written, and the keys for its outcome.

        They are kept for the call's life: an answer may take longer than the cache keeps keys.
        """
        self.entry = event.id
        self._action = event.action
        self._recorder = recorder
        self._keys = keys
        self._written: tuple[SpoolWriter, int] | None = written

    def conclude(self, outcome: Outcome, reasons: Sequence[str], answer: Mapping[str, object]) -> None:
        """Write the outcome; a second one is not written."""
        if self._written is None:
            return
        (writer, number), self._written = self._written, None
        part = Part(name="answer", subject=None, content=answer)
        ended = CallOutcome(outcome=outcome, ended=self._recorder.now(), reasons=tuple(reasons))
        record = write_outcome(ended, [part], action=self._action, keys=self._keys)
        # With write(2), before the last byte of the answer goes out.
        writer.append_outcome(number, record)


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
    # The first record that rests on an evaluation holds its question and answer; later ones name it.
    told = ruling.evaluated is not None and ruling.evaluated.recorded
    query = routed.query if routed and not told else None
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
        evaluation=ruling.reused,
        policy=decision.revision if decision else None,
        parts=(
            Part(name="call", subject=None, content=call),
            *own_parts(caller.principal, caller.origin, query, decision),
        ),
    )
