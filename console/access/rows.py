"""The canonical rows of grants: ids and codes only."""

from console.work import Row
from policy.models import Grant


def grant_row(grant: Grant) -> Row:
    """Return a grant, valid from its start to its end."""
    state = {
        "principal_type": grant.principal_type.value,
        "principal_id": str(grant.principal_id),
        "permission": grant.permission,
        "resource_type": grant.resource_type,
        "resource_id": str(grant.resource_id),
        "change_id": str(grant.change_id),
        "starts": grant.starts,
        "ends": grant.ends,
    }
    return Row("access_grant", grant.id, state, grant.starts, grant.ends)


def revoked_grant_row(grant: Grant, now: int) -> Row:
    """Return that the grant counts no more: as history has it, there is none from `now` on."""
    return Row("access_grant", grant.id, None, now)
