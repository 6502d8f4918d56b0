"""The unit of work: who acts, may they, what is recorded.

One per request or task. `authorize` comes before `write`, because a write transaction awaits no
network; `record` puts the event into the same transaction as the rows, so neither is without the other.
"""

import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlmodel.ext.asyncio.session import AsyncSession
from uuid_utils.compat import uuid7

from audit import history, outbox
from audit.errors import AuditError, RecordError
from audit.event import Event, Outcome, Part
from audit.events import Action
from audit.following import differences
from audit.following.differences import RowChange
from audit.record import seal
from audit.subjects.subject_keys import KeyStore
from console.break_glass.allowed import FLAG, decide_in_code, is_break_glass
from console.errors import (
    AuditUnavailableError,
    ConflictError,
    PolicyUndecidedError,
    RefusedError,
    ServiceUnavailableError,
)
from console.many_records import Act, append_acts
from console.models import SINGLE_PERSON, SingleAct
from console.policies.deciding import decide
from console.policies.deciding import scope as scope_of
from console.questions import Origin, Resource, ask, own_parts
from console.refused import UNDECIDED, refusal
from console.services import Services
from policy.decision import Decision, Document, Query
from policy.errors import UndecidedError
from policy.permissions import Permission
from policy.scope import Scope
from sso.principal import Principal

UNRECORDED = "Nothing was changed, because it could not be recorded. Try again in a moment."
UNREAD = "The database does not answer just now. Nothing was changed. Try again in a moment."
OVERTAKEN = "Somebody else was quicker. Look again, then try once more."
log = logging.getLogger("guildhall")


@dataclass(frozen=True, slots=True)
class Row:
    """The new state of one row that decisions read; None when the row is gone."""

    kind: str
    id: UUID
    state: Mapping[str, object] | None
    valid_from: int
    valid_to: int | None = None


class UnitOfWork:
    """Authorizes, then reads or writes, then records."""

    def __init__(self, services: Services, principal: Principal, origin: Origin) -> None:
        """Bind the principal who acts and where the request came from."""
        self.services = services
        self.principal = principal
        self.origin = origin
        self.decision: Decision | None = None
        self._query: Query | None = None
        self._ahead: tuple[Permission, Resource, Query] | None = None
        self._session: AsyncSession | None = None
        self._reading: AsyncSession | None = None
        self._records = 0
        self._admitted = False
        self._active = services.policies.known
        self._scopes: dict[Permission, tuple[Sequence[Document], Scope]] = {}

    @property
    def now(self) -> int:
        """The time in microseconds UTC."""
        return self.services.clock()

    def act_as(self, principal: Principal) -> None:
        """Let the person who has just been admitted be the actor of their own sign-in's records."""
        self.principal, self._admitted, self._scopes = principal, True, {}

    async def read_ahead(self, session: AsyncSession, permission: Permission, resource: Resource) -> None:
        """Read what the next `authorize` asks about on a session that is open already, so that it opens none.

        Only the facts are read there: the decision itself may wait for the network, and no snapshot does.
        """
        self._ahead = permission, resource, await self._facts(session, permission, resource)

    async def authorize(self, permission: Permission, resource: Resource) -> Decision:
        """Decide whether the principal may do `permission` on `resource`.

        Raises:
            RefusedError: decided against; recorded before it is raised.
            NotFoundError: the principal may not even know that it exists; recorded too.
            PolicyUndecidedError: no decision could be had; undecided is denied, and recorded.
            ServiceUnavailableError: the facts could not be read, so nothing could be asked.
        """
        if self._session is not None:
            raise RuntimeError("authorize() comes before write(): no transaction waits for a decision.")
        self.decision = None
        self._query = await self._ask(permission, resource)
        self.decision = await self._decide(permission, self._query)
        if not self.decision.allow:
            await self._record_refusal(permission, resource, self.decision.reasons)
            raise refusal(self.decision)
        return self.decision

    async def refuse(self, permission: Permission, resource: Resource, reason: str) -> RefusedError:
        """Record that a floor below policy refuses what policy allowed, and return the error to raise."""
        await self._record_refusal(permission, resource, (reason,))
        decided = self.decision.id if self.decision else None
        return RefusedError("This is not allowed.", (reason,), decision_id=decided)

    async def allowed(self, permission: Permission, resource: Resource) -> bool:
        """Say what `authorize` would decide, for showing or leaving out a control; records nothing."""
        query = await self._ask(permission, resource)
        return (await self._decide(permission, query)).allow

    async def scope(self, permission: Permission, grants: Sequence[Document] = ()) -> Scope:
        """Return which rows of a list the principal may see, from one policy call; not recorded.

        One request asks once: its lists, counts and pages of the same rows are cut by the same answer.

        Raises:
            PolicyUndecidedError: no answer could be had; an undecided list is not shown.
        """
        known = self._scopes.get(permission)
        if known is None or known[0] != grants:
            known = self._scopes[permission] = (grants, await self._scope(permission, grants))
        return known[1]

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        """Yield a session on one snapshot: the one that is open already, or a new one.

        A second connection for a reader that holds one would let enough readers wait for each other.

        Raises:
            ServiceUnavailableError: the database does not answer.
        """
        if (opened := self._session or self._reading) is not None:
            yield opened
            return
        try:
            async with self.services.database.read() as session:
                self._reading = session
                yield session
        except DBAPIError as error:
            raise ServiceUnavailableError(UNREAD, ("database_unavailable",)) from error
        finally:
            self._reading = None

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncSession]:
        """Yield a session that commits rows and records together, or neither.

        Raises:
            AuditUnavailableError: rows or record could not be kept; nothing happened.
            ConflictError: another transaction took what this one wanted; nothing happened.
        """
        if self._session is not None:
            raise RuntimeError("write() does not nest: rows and records share one transaction.")
        try:
            async with self.services.database.write() as session:
                self._session, self._records = session, 0
                yield session
                await self._drop_unrecorded(session)
        except IntegrityError as error:
            log.warning("two writers met, or a row breaks a rule of its table: %s", kind_of(error))
            raise ConflictError(OVERTAKEN, ("overtaken",)) from error
        except (DBAPIError, AuditError) as error:
            log.warning("a record could not be made, so its act was rolled back: %s", kind_of(error))
            raise AuditUnavailableError(UNRECORDED, ("audit_unavailable",)) from error
        finally:
            self._session = None

    async def record(
        self,
        action: Action,
        *,
        resource: Resource | None = None,
        rows: Sequence[Row] = (),
        parts: Sequence[Part] = (),
        request: UUID | None = None,
        grant: UUID | None = None,
        reasons: Sequence[str] = (),
        flags: Sequence[str] = (),
        outcome: Outcome = Outcome.SUCCESS,
    ) -> UUID:
        """Append one event, and the history of `rows`, to the open write transaction.

        Returns:
            The id of the entry the log will hold.
        """
        session, event_id, now = self._open_session(outcome), uuid7(), self.now
        # The caller's own rows first: what goes wrong after this is the record's.
        await session.flush()
        try:
            changed = await _changes(session, rows)
            event = Event(
                id=event_id,
                action=action,
                outcome=outcome,
                reasons=tuple(reasons),
                flags=(*flags, *([FLAG] if is_break_glass(self.principal) and FLAG not in flags else [])),
                actor=self.principal.id,
                resource=resource.reference() if resource else None,
                request=request,
                grant=grant,
                decision=self.decision.id if self.decision else None,
                policy=self.decision.revision if self.decision else self.services.policy_revision,
                state=await _append_history(session, rows, now, event_id),
                parts=(*parts, *changed, *own_parts(self.principal, self.origin, self._query, self.decision)),
            )
            await _append(session, event, self.services.keys, now)
            if SINGLE_PERSON in event.flags:
                session.add(_single_act(event, self.principal.id, now))
        except IntegrityError as error:
            raise RecordError("The record could not be appended.") from error
        self._records += 1
        return event_id

    async def record_many(self, acts: Sequence[Act]) -> None:
        """Append many events to the open write transaction, as `record` does each; for the system alone."""
        session = self._open_session(Outcome.SUCCESS)
        if self.principal.kind != "system":
            raise RuntimeError("Many acts at once are the system's own: a person's are decided one by one.")
        await session.flush()
        try:
            await append_acts(session, acts, self.services.keys, self.services.policy_revision, self.now)
        except IntegrityError as error:
            raise RecordError("The records could not be appended.") from error
        self._records += len(acts)

    async def _scope(self, permission: Permission, grants: Sequence[Document]) -> Scope:
        query = await self._ask(permission, Resource("list", None, {}, tuple(grants)))
        try:
            return await scope_of(self.services, query, self._active)
        except UndecidedError as error:
            raise PolicyUndecidedError(UNDECIDED, (error.code,)) from error

    async def _decide(self, permission: Permission, query: Query) -> Decision:
        if is_break_glass(self.principal):
            return decide_in_code(permission, self._active.revision)
        return await decide(self.services, query, self._active)

    async def _ask(self, permission: Permission, resource: Resource) -> Query:
        ahead, self._ahead = self._ahead, None
        if ahead is not None and ahead[:2] == (permission, resource):
            return ahead[2]
        async with self.read() as session:
            return await self._facts(session, permission, resource)

    async def _facts(self, session: AsyncSession, permission: Permission, resource: Resource) -> Query:
        self._active = await self.services.policies.active(session)
        return await ask(self.services, session, self.principal, permission, resource)

    def _open_session(self, outcome: Outcome) -> AsyncSession:
        if self._session is None:
            raise RuntimeError("record() belongs inside write(): no record without its transaction.")
        if self.decision is None and self.principal.kind != "system" and not self._admitted:
            raise RuntimeError("authorize() comes before record(): nobody acts undecided.")
        if self.decision is not None and not self.decision.allow and outcome is not Outcome.DENIED:
            raise RuntimeError("What was refused is recorded as denied, and not done.")
        return self._session

    async def _drop_unrecorded(self, session: AsyncSession) -> None:
        if self._records:
            return
        if session.new or session.dirty or session.deleted:
            raise RuntimeError("Rows were changed and nothing was recorded: no record, no action.")
        await session.rollback()

    async def _record_refusal(
        self, permission: Permission, resource: Resource, reasons: Sequence[str]
    ) -> None:
        known = self.principal.id if self.principal.kind != "system" else None
        if known and await self.services.denials.admit(known, reasons):
            return  # counted, in the summary of this minute
        # Found by its resource: a refused attempt on a request is no part of the request's own life.
        async with self.write():
            await self.record(
                Action(permission.value), resource=resource, reasons=reasons, outcome=Outcome.DENIED
            )


def kind_of(error: Exception) -> str:
    """Return what may be logged of an error: its text could hold a row's values."""
    return type(getattr(error, "orig", None) or error).__name__


def _single_act(event: Event, actor: UUID, now: int) -> SingleAct:
    about = event.resource
    return SingleAct(
        id=event.id,
        actor_id=actor,
        action=event.action.value,
        resource_type=about.type if about else None,
        resource_id=about.id if about else None,
        created=now,
    )


async def _append(session: AsyncSession, event: Event, store: KeyStore, now: int) -> None:
    # New keys are durable in their own store before this transaction can commit what they seal.
    keys = await store.ensure(part.subject for part in event.parts)
    await outbox.append(session, seal(event, time=now, keys=keys))


async def _changes(session: AsyncSession, rows: Sequence[Row]) -> tuple[Part, ...]:
    known = await differences.latest_states(session, [row.id for row in rows])
    found = [RowChange(row.kind, row.id, known.get((row.kind, row.id)), row.state) for row in rows]
    content = differences.content(found)
    return () if content is None else (Part(name=differences.PART, subject=None, content=content),)


async def _append_history(session: AsyncSession, rows: Sequence[Row], now: int, event_id: UUID) -> str | None:
    hashes = [
        await history.append_row(
            session,
            kind=row.kind,
            row_id=row.id,
            row=row.state,
            valid_from=row.valid_from,
            valid_to=row.valid_to,
            recorded_at=now,
            event_id=event_id,
        )
        for row in rows
    ]
    return history.state_digest(hashes) if hashes else None
