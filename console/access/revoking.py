"""Revokes a grant: one owner of the route's team is enough, and it counts at once."""

from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

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
        grant = await session.get_one(Grant, grant_id, with_for_update=True)
        if grant.revoked_at is not None or grant.ends <= work.now:
            raise ConflictError("This grant has ended already.", ("grant_ended",))
        await end_grant(work, session, grant, reason)


async def end_grant(
    work: UnitOfWork, session: AsyncSession, grant: Grant, reason: str, *, campaign: UUID | None = None
) -> None:
    """End a grant that stands, in the caller's transaction; `campaign` is the access review it ends by."""
    now = work.now
    by_system = work.principal.kind == "system"
    grant.revoked_at, grant.revoke_reason = now, reason
    grant.revoked_by = None if by_system else work.principal.id
    session.add(grant)
    await session.flush()
    parts = []
    if not by_system:
        parts.append(Part(name="revocation", subject=work.principal.id, content={"reason": reason}))
    if campaign is not None:
        parts.append(Part(name="access_review", subject=None, content={"campaign": str(campaign)}))
    await work.record(
        Action.GRANT_REVOKE,
        resource=Resource("grant", grant.id),
        request=grant.change_id,
        grant=grant.id,
        rows=[revoked_grant_row(grant, now)],
        parts=parts,
    )


async def _found(work: UnitOfWork, grant_id: UUID) -> Resource:
    async with work.read() as session:
        grant = await session.get(Grant, grant_id)
        if grant is None:
            raise nothing()
        route = await route_by_id(session, grant.resource_id)
    return Resource("grant", grant.id, {"team": route.team.name, "route": route.route.name})
