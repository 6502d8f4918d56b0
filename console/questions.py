"""The question a decision is asked: who, may do what, on which resource, in which context."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from litestar.connection import ASGIConnection
from sqlmodel.ext.asyncio.session import AsyncSession

from audit.event import Part
from audit.event import Resource as EventResource
from console import clock
from console.changes.standing import delegators_of, subject_document
from console.services import Services
from console.subjects import subject_of
from policy.decision import Decision, Document, Query
from policy.facts import describe_context, with_deputies
from policy.permissions import Permission
from sso.principal import Principal

AS_DEPUTY: Final = frozenset(
    {
        Permission.ACCESS_REQUEST_READ,
        Permission.ACCESS_REQUEST_REVIEW,
        Permission.CHANGE_READ,
        Permission.CHANGE_REVIEW,
    }
)
"""What a deputy does in somebody's stead; nothing else of theirs passes to a deputy."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a request came from; sealed under the actor's key in every record."""

    interface: str
    address: str | None = None
    user_agent: str | None = None


def origin_of(connection: ASGIConnection[Any, Any, Any, Any], interface: str) -> Origin:
    """Return where a connection comes from; forwarding headers are believed from no one here."""
    address = connection.client.host if connection.client else None
    agent = connection.headers.get("user-agent", "")[:200] or None
    return Origin(interface, address, agent)


@dataclass(frozen=True, slots=True)
class Resource:
    """What is acted on: its reference for the log and its facts for the decision."""

    type: str
    id: UUID | None = None
    facts: Mapping[str, object] = field(default_factory=dict)
    grants: tuple[Document, ...] = ()
    change: Mapping[str, object] | None = None

    def document(self) -> dict[str, object]:
        """Return the `resource` member of a policy document."""
        return {"type": self.type, **self.facts, "id": str(self.id) if self.id else None}

    def reference(self) -> EventResource:
        """Return the pseudonymous reference a head carries."""
        return EventResource(type=self.type, id=self.id)


async def ask(
    services: Services,
    session: AsyncSession,
    principal: Principal,
    permission: Permission,
    resource: Resource,
) -> Query:
    """Return the question whether `principal` may do `permission` on `resource` now."""
    subject = await subject_of(session, principal)
    if permission in AS_DEPUTY and principal.kind == "person":
        delegators = await delegators_of(session, principal.id, services.clock())
        subject = with_deputies(subject, [await subject_document(session, one) for one in delegators])
    return Query(
        subject=subject,
        action=permission.value,
        resource=resource.document(),
        grants=resource.grants,
        context=describe_context(
            now=clock.seconds(services.clock()),
            allowed_acr=services.sign_in.allowed_acr(principal.authentication.issuer),
            profile=services.settings.profile.value,
            change=resource.change,
        ),
    )


def decision_content(query: Query, decision: Decision) -> dict[str, object]:
    """Return what a record keeps of a decision: its canonical input and its result."""
    return {
        "input": query.document(),
        "engine": decision.engine,
        "result": {
            "allow": decision.allow,
            "reasons": list(decision.reasons),
            "matched": list(decision.matched),
            "valid_until": decision.valid_until,
        },
    }


def own_parts(
    principal: Principal, origin: Origin, query: Query | None, decision: Decision | None
) -> list[Part]:
    """Return the parts about the actor: where the act came from, and what was decided on what facts."""
    proof = principal.authentication
    actor = {
        "interface": origin.interface,
        "address": origin.address,
        "user_agent": origin.user_agent,
        "method": proof.method,
        "issuer": proof.issuer,
        "acr": proof.acr,
        "auth_time": proof.auth_time,
    }
    if proof.key is not None:
        actor["key"] = str(proof.key.id)
    parts = [Part(name="actor", subject=principal.id, content=actor)]
    if query is not None and decision is not None:
        content = decision_content(query, decision)
        parts.append(Part(name="decision", subject=principal.id, content=content))
    return parts
