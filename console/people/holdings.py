"""What a team holds, and who somebody is, in a few words."""

from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from console.pseudonyms import pseudonym
from policy.models import Grant, PrincipalType
from sso.models import Person, PersonState, PlatformRole, Profile, RoleAssignment


async def grants_of_team(session: AsyncSession, team_id: UUID, now: int) -> int:
    """Return how many grants a team holds now or will hold: each is a right its members have."""
    query = (
        select(sa.func.count())
        .select_from(Grant)
        .where(
            col(Grant.principal_type) == PrincipalType.TEAM,
            col(Grant.principal_id) == team_id,
            col(Grant.revoked_at).is_(None),
            col(Grant.ends) > now,
        )
    )
    return (await session.exec(query)).one()


async def shown_person(session: AsyncSession, person_id: UUID) -> str:
    """Return name and handle, or the pseudonym that is left of an erased person."""
    profile = await session.get(Profile, person_id)
    return f"{profile.name} ({profile.handle})" if profile else pseudonym(person_id)


async def is_last_admin(session: AsyncSession, person_id: UUID, *, besides: UUID | None = None) -> bool:
    """Say whether nobody else could look after this installation; `besides` leaves out one assignment."""
    query = (
        select(RoleAssignment.person_id, RoleAssignment.id)
        .join(Person, col(Person.id) == col(RoleAssignment.person_id))
        .where(
            col(RoleAssignment.role) == PlatformRole.ADMIN,
            col(RoleAssignment.scope) == "all",
            col(Person.state) == PersonState.ACTIVE,
        )
    )
    # Whoever takes another admin away at this moment waits here.
    held = (await session.exec(query.with_for_update(of=RoleAssignment))).all()
    if person_id not in {one for one, _ in held}:
        return False
    return not any(row != besides if one == person_id and besides else one != person_id for one, row in held)
