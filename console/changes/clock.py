"""When an answer is due, and from when on others may answer in the stead of those asked."""

import json
from typing import Final
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from console.changes.standing import everybody_away
from policy.models import Change
from policy.plan import Plan, read_group_counts
from sso.models import Membership, Person, PersonState, PlatformRole, RoleAssignment, Team, TeamRole
from sso.scopes import read_scope

MICROSECONDS_AN_HOUR: Final = 3_600_000_000


def due_at(plan: Plan, asked: int) -> int | None:
    """Return when an answer to what was asked at `asked` is due (microseconds); None is no clock."""
    return None if plan.answer_hours is None else asked + plan.answer_hours * MICROSECONDS_AN_HOUR


async def is_overdue(session: AsyncSession, change: Change, team: str, now: int) -> bool:
    """Say whether the further groups may answer: the time has passed, or all of a group asked are away."""
    if change.due is None or not json.loads(change.further):
        return False
    if now >= change.due:
        return True
    for entry in read_group_counts(json.loads(change.required)):
        holders = await holders_of(session, entry.group, team)
        if await everybody_away(session, holders - {change.requester_id}, now):
            return True
    return False


async def holders_of(session: AsyncSession, group: str, team: str) -> frozenset[UUID]:
    """Return the active people of an approval group, for what is `team`'s."""
    name = group.removeprefix("owner:")
    if name != group:
        query = (
            select(Membership.person_id)
            .join(Team, col(Team.id) == col(Membership.team_id))
            .join(Person, col(Person.id) == col(Membership.person_id))
            .where(col(Team.name) == name, col(Membership.role) == TeamRole.OWNER)
            .where(col(Person.state) == PersonState.ACTIVE)
        )
        return frozenset(await session.exec(query))
    held = (
        select(RoleAssignment.person_id, RoleAssignment.scope)
        .join(Person, col(Person.id) == col(RoleAssignment.person_id))
        .where(col(RoleAssignment.role) == PlatformRole.REVIEWER, col(Person.state) == PersonState.ACTIVE)
    )
    scopes = [(person, read_scope(scope)) for person, scope in await session.exec(held)]
    return frozenset(person for person, scope in scopes if scope == "all" or team in scope)
