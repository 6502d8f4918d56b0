"""Authorizing on something only some may know of: to everybody else it does not exist."""

from console.errors import NotFoundError, RefusedError
from console.questions import Resource
from console.work import UnitOfWork
from policy.permissions import Permission

NOTHING = "There is nothing here by that name."
LIMITED = ("key_scope_missing:", "scope_missing:")
"""Reasons of a credential's limits, told to somebody who has the right without them."""
GROUNDED = frozenset({"already_reviewed", "requester_may_not_decide", "step_up_required"})
"""Reasons that are only ever told to somebody who has to do with the resource."""


async def authorize_seen(
    work: UnitOfWork, permission: Permission, resource: Resource, reading: Permission
) -> None:
    """Authorize; a refusal of somebody who may not read the resource either is told as its absence.

    Raises:
        NotFoundError: refused, and `reading` would be refused too; the record says why.
        RefusedError: refused to somebody who may read it.
    """
    try:
        await work.authorize(permission, resource)
    except RefusedError as error:
        if await _tells(work, error, resource, reading):
            raise
        raise nothing() from None


def nothing() -> NotFoundError:
    """Return the one answer for what is absent and for what is hidden."""
    return NotFoundError(NOTHING, ("not_found",))


async def _tells(work: UnitOfWork, error: RefusedError, resource: Resource, reading: Permission) -> bool:
    if any(reason in GROUNDED or reason.startswith(LIMITED) for reason in error.reasons):
        return True
    return await work.allowed(reading, resource)
