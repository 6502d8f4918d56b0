"""The canonical rows of people and rights: what history keeps of them. Ids only, never a name."""

import hmac
import json
from typing import Protocol
from uuid import UUID

from console.work import Row
from sso.models import IdentityLink, PersonKind, PersonState, PlatformRole, Source, Team, TeamRole


class StatedPerson(Protocol):
    """A row of `person`, or one that is about to be."""

    id: UUID
    kind: PersonKind
    state: PersonState


class StatedIdentity(Protocol):
    """A row of `identity`, or one that is about to be."""

    id: UUID
    person_id: UUID
    issuer: str
    subject: str


class StatedMembership(Protocol):
    """A row of `membership`, or one that is about to be."""

    id: UUID
    person_id: UUID
    team_id: UUID
    role: TeamRole
    managed_by: Source


class StatedRole(Protocol):
    """A row of `role_assignment`, or one that is about to be."""

    id: UUID
    person_id: UUID
    role: PlatformRole
    scope: str
    managed_by: Source


def person_row(person: StatedPerson, now: int) -> Row:
    """Return a person's state."""
    return Row("person", person.id, {"kind": person.kind.value, "state": person.state.value}, now)


def identity_row(identity: StatedIdentity, now: int, key: bytes) -> Row:
    """Return which person an identity belongs to; issuer and subject stay in the erasable tables.

    Their HMAC-SHA256 under `key` stands for them: whoever changes them in the table is found out, and nobody
    without the key can tell who they were.
    """
    known_as = json.dumps([identity.issuer, identity.subject]).encode()
    digest = hmac.digest(key, known_as, "sha256").hex()
    return Row("identity", identity.id, {"person_id": str(identity.person_id), "known_as": digest}, now)


def link_row(link: IdentityLink, now: int, *, gone: bool = False) -> Row:
    """Return that two accounts are one human, or the end of it."""
    state = {
        "person_id": str(link.person_id),
        "other_id": str(link.other_id),
        "change_id": str(link.change_id),
    }
    return Row("identity_link", link.id, None if gone else state, now)


def membership_row(membership: StatedMembership, now: int, *, gone: bool = False) -> Row:
    """Return a membership, or its end."""
    state = {
        "person_id": str(membership.person_id),
        "team_id": str(membership.team_id),
        "role": membership.role.value,
        "managed_by": membership.managed_by.value,
    }
    return Row("membership", membership.id, None if gone else state, now)


def role_row(assignment: StatedRole, now: int, *, gone: bool = False) -> Row:
    """Return a role assignment, or its end."""
    state = {
        "person_id": str(assignment.person_id),
        "role": assignment.role.value,
        "scope": assignment.scope,
        "managed_by": assignment.managed_by.value,
    }
    return Row("role_assignment", assignment.id, None if gone else state, now)


def team_row(team: Team, now: int) -> Row:
    """Return a team's name, by which decisions know it."""
    return Row("team", team.id, {"name": team.name}, now)
