"""Executes an approved access request: the team's grant, written where the last review is written."""

from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from audit.event import Part
from audit.events import Action
from console.access.facts import RequestFacts
from console.access.rows import grant_row
from console.clock import to_text
from console.questions import Resource
from console.work import UnitOfWork
from policy.grants import end_of
from policy.models import Grant, PrincipalType
from policy.permissions import Permission


async def grant_access(work: UnitOfWork, session: AsyncSession, found: RequestFacts, now: int) -> Grant:
    """Give the receiving team the right to call the route, from now for the days that were approved.

    The caller has approved the change and given it its `grant_id`, in the same open transaction.
    """
    grant = _grant(found, now)
    session.add(grant)
    await session.flush()
    content = {
        "route": found.content["route"]["name"],
        "team": found.content["team"],
        "starts": to_text(grant.starts),
        "ends": to_text(grant.ends),
    }
    await work.record(
        Action.GRANT_CREATE,
        resource=Resource("grant", grant.id),
        request=found.change.id,
        grant=grant.id,
        rows=[grant_row(grant)],
        parts=[Part(name="grant", subject=None, content=content)],
    )
    return grant


def _grant(found: RequestFacts, now: int) -> Grant:
    change = found.change
    return Grant(
        id=_known(change.grant_id),
        principal_type=PrincipalType.TEAM,
        principal_id=_known(change.team_id),
        permission=Permission.MODEL_INVOKE.value,
        resource_type=change.resource_type,
        resource_id=change.resource_id,
        change_id=change.id,
        starts=now,
        ends=end_of(now, int(found.content["duration_days"])),
    )


def _known(value: UUID | None) -> UUID:
    if value is None:
        raise ValueError("An approved access request names its grant and the team that receives it.")
    return value
