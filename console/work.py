"""The unit of work: who acts, may they, what is recorded.

One per request or task. `authorize` comes before `write`, because a write transaction awaits no
network; `record` puts the event into the same transaction as the rows, so neither is without the other.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.exc import DBAPIError
from sqlmodel.ext.asyncio.session import AsyncSession
from uuid_utils.compat import uuid7

from audit import history, outbox
from audit.event import Event, Outcome, Part
from audit.events import Action
from audit.record import seal
from console.errors import AuditUnavailableError, NotFoundError, PolicyUndecidedError, RefusedError
from console.keys import key_ring_for
from console.questions import Origin, Resource, ask, own_parts
from console.services import Services
from policy.decide import decide
from policy.decide import scope as scope_of
from policy.decision import Decision, Document, PolicyUnavailable, Query
from policy.errors import UndecidedError
from policy.permissions import Permission
from policy.scope import Scope
from sso.principal import Principal

UNRECORDED = "Nothing was changed, because it could not be recorded. Try again in a moment."
UNDECIDED = "No decision could be had just now, and undecided is refused. Try again in a moment."


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
        self._session: AsyncSession | None = None
        self._admitted = False

    @property
    def now(self) -> int:
        """The time in microseconds UTC."""
        return self.services.clock()

    def act_as(self, principal: Principal) -> None:
        """Let the person who has just been admitted be the actor of their own sign-in's records."""
        self.principal, self._admitted = principal, True

    async def authorize(self, permission: Permission, resource: Resource) -> Decision:
        """Decide whether the principal may do `permission` on `resource`.

        Raises:
            RefusedError: decided against; recorded before it is raised.
            NotFoundError: the principal may not even know that it exists; recorded too.
            PolicyUndecidedError: no decision could be had; undecided is denied, and recorded.
        """
        self._query = await self._ask(permission, resource)
        active = self.services.policy_revision
        self.decision = await decide(self.services.decider, self._query, active_revision=active)
        if not self.decision.allow:
            await self._refuse(permission, resource, self.decision)
        return self.decision

    async def allowed(self, permission: Permission, resource: Resource) -> bool:
        """Say what `authorize` would decide, for showing or leaving out a control; records nothing."""
        query = await self._ask(permission, resource)
        answer = await decide(self.services.decider, query, active_revision=self.services.policy_revision)
        return answer.allow

    async def scope(self, permission: Permission, grants: Sequence[Document] = ()) -> Scope:
        """Return which rows of a list the principal may see, from one policy call; not recorded.

        Raises:
            PolicyUndecidedError: no answer could be had; an undecided list is not shown.
        """
        query = await self._ask(permission, Resource("list", None, {}, tuple(grants)))
        try:
            return await scope_of(self.services.decider, query, active_revision=self.services.policy_revision)
        except UndecidedError as error:
            raise PolicyUndecidedError(UNDECIDED, (error.code,)) from error

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        """Yield a session on one snapshot, or the open write session when there is one."""
        if self._session is not None:
            yield self._session
            return
        async with self.services.database.read() as session:
            yield session

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncSession]:
        """Yield a session that commits rows and records together, or neither.

        Raises:
            AuditUnavailableError: the database could not take it; nothing happened.
        """
        try:
            async with self.services.database.write() as session:
                self._session = session
                yield session
        except DBAPIError as error:
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
        session = self._open_session()
        event_id, now = uuid7(), self.now
        event = Event(
            id=event_id,
            action=action,
            outcome=outcome,
            reasons=tuple(reasons),
            flags=tuple(flags),
            actor=self.principal.id,
            resource=resource.reference() if resource else None,
            request=request,
            grant=grant,
            decision=self.decision.id if self.decision else None,
            policy=self.services.policy_revision,
            state=await _append_history(session, rows, now, event_id),
            parts=(*parts, *own_parts(self.principal, self.origin, self._query, self.decision)),
        )
        keys = await key_ring_for(session, event.parts, self.services.kek, now)
        await outbox.append(session, seal(event, time=now, keys=keys))
        return event_id

    async def _ask(self, permission: Permission, resource: Resource) -> Query:
        async with self.read() as session:
            return await ask(self.services, session, self.principal, permission, resource)

    def _open_session(self) -> AsyncSession:
        if self._session is None:
            raise RuntimeError("record() belongs inside write(): no record without its transaction.")
        if self.decision is None and self.principal.kind != "system" and not self._admitted:
            raise RuntimeError("authorize() comes before record(): nobody acts undecided.")
        return self._session

    async def _refuse(self, permission: Permission, resource: Resource, decision: Decision) -> None:
        action, reasons = Action(permission.value), decision.reasons
        async with self.write():
            await self.record(action, resource=resource, reasons=reasons, outcome=Outcome.DENIED)
        raise refusal(decision)


def refusal(decision: Decision) -> NotFoundError | PolicyUndecidedError | RefusedError:
    """Return the error that tells a principal about a denial."""
    if isinstance(decision, PolicyUnavailable):
        return PolicyUndecidedError(UNDECIDED, decision.reasons)
    if "not_found" in decision.reasons:
        return NotFoundError("There is nothing here by that name.", ("not_found",))
    return RefusedError(
        "This is not allowed.", decision.reasons, decision_id=decision.id, obligations=decision.obligations
    )


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
