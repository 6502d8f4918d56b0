"""Revokes a grant: one owner of the route's team is enough, and it counts at once."""

from uuid import UUID

from audit.event import Part
from audit.events import Action
from console.access.rows import revoked_grant_row
from console.catalog.facts import route_by_id
from console.changes.seen import authorize_seen, nothing
from console.errors import ConflictError
from console.questions import Resource
from console.work import UnitOfWork
from policy.models import Grant
from policy.permissions import Permission


async def revoke_grant(work: UnitOfWork, grant_id: UUID, reason: str) -> None:
    """End a grant now; what was done under it stays in the log.

    Raises:
        NotFoundError: no such grant, or none the caller may read.
        RefusedError: the caller does not own the route's team.
        ConflictError: it was revoked before, or has ended.
    """
    resource = await _found(work, grant_id)
    await authorize_seen(work, Permission.GRANT_REVOKE, resource, Permission.GRANT_READ)
    async with work.write() as session:
        grant, now = await session.get_one(Grant, grant_id, with_for_update=True), work.now
        if grant.revoked_at is not None or grant.ends <= now:
            raise ConflictError("This grant has ended already.", ("grant_ended",))
        grant.revoked_at, grant.revoked_by, grant.revoke_reason = now, work.principal.id, reason
        session.add(grant)
        await session.flush()
        await work.record(
            Action.GRANT_REVOKE,
            resource=resource,
            request=grant.change_id,
            grant=grant.id,
            rows=[revoked_grant_row(grant, now)],
            parts=[Part(name="revocation", subject=work.principal.id, content={"reason": reason})],
        )


async def _found(work: UnitOfWork, grant_id: UUID) -> Resource:
    async with work.read() as session:
        grant = await session.get(Grant, grant_id)
        if grant is None:
            raise nothing()
        route = await route_by_id(session, grant.resource_id)
    return Resource("grant", grant.id, {"team": route.team.name, "route": route.route.name})
