"""Who keeps something by an answer: whoever holds a grant does not say that they still need it."""

from collections.abc import Sequence
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from policy.models import Change, Grant, PrincipalType
from sso.keys.selves import people_behind
from sso.models import Membership


async def gainers_of(session: AsyncSession, grants: Sequence[Grant]) -> dict[UUID, frozenset[UUID]]:
    """Return for each grant who gains by its staying: its holders, who stands behind them, who asked."""
    return {grant.id: await _gainers(session, grant) for grant in grants}


async def _gainers(session: AsyncSession, grant: Grant) -> frozenset[UUID]:
    change = await session.get(Change, grant.change_id)
    asked = await people_behind(session, change.requester_id) if change else frozenset()
    if grant.principal_type is PrincipalType.TEAM:
        members = select(Membership.person_id).where(col(Membership.team_id) == grant.principal_id)
        return asked | frozenset(await session.exec(members))
    return asked | await people_behind(session, grant.principal_id)
