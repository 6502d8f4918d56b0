"""Asks for a grant anew, in one act: the same request, bound to what the model is now."""

import json
from typing import Any, Final
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from console.access.forms import AccessRequestCreate, RequestCreated
from console.access.requesting import request_access
from console.changes.seen import nothing
from console.errors import ConflictError
from console.models import Route
from console.work import UnitOfWork
from policy.models import Change, Grant, PrincipalType
from sso.models import Membership, ServiceAccount

REVOKED: Final = "This grant was revoked; ask anew in your own words."


async def renew_grant(work: UnitOfWork, grant_id: UUID) -> RequestCreated:
    """Ask that what a grant gives is given again; its approvals are asked for as for any other request.

    Raises:
        NotFoundError: no such grant, or none of a team of the caller's.
        RefusedError: the caller may not ask for it.
        ConflictError: it was revoked, or its renewal is pending.
    """
    async with work.read() as session:
        found = await _asked_before(session, grant_id, work.principal.id)
    if found is None:
        raise nothing()
    grant, route, content = found
    if grant.revoked_at is not None:
        raise ConflictError(REVOKED, ("grant_ended",))
    form = AccessRequestCreate(
        route=route.name,
        team=content["team"],
        purpose=content["purpose"],
        duration_days=content["duration_days"],
        service=grant.principal_id if grant.principal_type is PrincipalType.SERVICE else None,
        person=str(grant.principal_id) if grant.principal_type is PrincipalType.PERSON else None,
        monthly_calls=content.get("monthly_calls"),
    )
    return await request_access(work, form, renews=grant.id)


async def _asked_before(
    session: AsyncSession, grant_id: UUID, person: UUID
) -> tuple[Grant, Route, dict[str, Any]] | None:
    grant = await session.get(Grant, grant_id)
    change = await session.get(Change, grant.change_id) if grant else None
    if grant is None or change is None or not await _is_of_theirs(session, grant, change, person):
        return None
    route = await session.get(Route, grant.resource_id)
    return (grant, route, json.loads(change.content)) if route and change.team_id else None


async def _is_of_theirs(session: AsyncSession, grant: Grant, change: Change, person: UUID) -> bool:
    team = grant.principal_id if grant.principal_type is PrincipalType.TEAM else change.team_id
    if grant.principal_type is PrincipalType.SERVICE:
        account = await session.get(ServiceAccount, grant.principal_id)
        team = account.team_id if account else None
    member = select(Membership.id).where(col(Membership.team_id) == team, col(Membership.person_id) == person)
    return team is not None and (await session.exec(member)).first() is not None
