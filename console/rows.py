"""The canonical rows of people and rights: what history keeps of them. Ids only, never a name."""

from console.work import Row
from sso.models import Identity, Membership, Person, RoleAssignment


def person_row(person: Person, now: int) -> Row:
    """Return a person's state."""
    return Row("person", person.id, {"kind": person.kind.value, "state": person.state.value}, now)


def identity_row(identity: Identity, now: int) -> Row:
    """Return which person an identity belongs to; the subject stays in the erasable tables."""
    return Row("identity", identity.id, {"person_id": str(identity.person_id)}, now)


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
