"""The canonical rows of people and rights: what history keeps of them. Ids only, never a name."""

import hashlib
import hmac
import json

from console.work import Row
from sso.models import Identity, IdentityLink, Membership, Person, RoleAssignment, Team


def person_row(person: Person, now: int) -> Row:
    """Return a person's state."""
    return Row("person", person.id, {"kind": person.kind.value, "state": person.state.value}, now)


def identity_row(identity: Identity, now: int, key: bytes) -> Row:
    """Return which person an identity belongs to; issuer and subject stay in the erasable tables.

    Their HMAC-SHA256 under `key` stands for them: whoever changes them in the table is found out, and nobody
    without the key can tell who they were.
    """
    known_as = json.dumps([identity.issuer, identity.subject]).encode()
    digest = hmac.new(key, known_as, hashlib.sha256).hexdigest()
    return Row("identity", identity.id, {"person_id": str(identity.person_id), "known_as": digest}, now)


def link_row(link: IdentityLink, now: int, *, gone: bool = False) -> Row:
    """Return that two accounts are one human, or the end of it."""
    state = {
        "person_id": str(link.person_id),
        "other_id": str(link.other_id),
        "change_id": str(link.change_id),
    }
    return Row("identity_link", link.id, None if gone else state, now)


def membership_row(membership: Membership, now: int, *, gone: bool = False) -> Row:
    """Return a membership, or its end."""
    state = {
        "person_id": str(membership.person_id),
        "team_id": str(membership.team_id),
        "role": membership.role.value,
        "managed_by": membership.managed_by.value,
    }
    return Row("membership", membership.id, None if gone else state, now)


def role_row(assignment: RoleAssignment, now: int, *, gone: bool = False) -> Row:
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
