"""Grants as frozen values: when one is active, what it covers, when it ends. Times in microseconds."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from policy.models import PrincipalType
from policy.permissions import Permission

MICROSECONDS_A_DAY: Final = 86_400_000_000

_IMPLIED: Final[Mapping[str, frozenset[str]]] = {
    Permission.MODEL_INVOKE: frozenset(
        {Permission.MODEL_DESCRIBE, Permission.MODEL_INVOKE, Permission.MODEL_READ}
    )
}
"""Who may call a model may read what it takes and gives."""


@dataclass(frozen=True, slots=True)
class GrantFacts:
    """What the rules need of a grant. ``ends`` is exclusive."""

    id: UUID
    permission: str
    principal_type: PrincipalType
    principal_id: UUID
    resource_type: str
    resource_id: UUID
    starts: int
    ends: int
    revoked_at: int | None = None


def is_active(grant: GrantFacts, now: int) -> bool:
    """Whether the grant counts at ``now``."""
    return grant.starts <= now < effective_end(grant)


def effective_end(grant: GrantFacts) -> int:
    """Return when the grant ends: at its time or at its revocation, whichever is earlier."""
    return grant.ends if grant.revoked_at is None else min(grant.ends, grant.revoked_at)


def end_of(starts: int, duration_days: int) -> int:
    """Return the end of a grant that lasts whole days of 24 hours."""
    return starts + duration_days * MICROSECONDS_A_DAY


def covers(grant: GrantFacts, permission: str, resource_type: str, resource_id: UUID) -> bool:
    """Whether the grant, while active, gives this permission on this resource."""
    implied = _IMPLIED.get(grant.permission, frozenset({grant.permission}))
    same_resource = grant.resource_type == resource_type and grant.resource_id == resource_id
    return permission in implied and same_resource
