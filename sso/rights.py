"""Rights as the tables hold them: read them, and replace those that claims keep."""

from collections import defaultdict
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from sso.mapping import Rights
from sso.models import Membership, PlatformRole, RoleAssignment, Source, Team, TeamRole
from sso.scopes import Scope, join_scopes, read_scope

ClaimedRows = tuple[Membership | RoleAssignment, ...]


@dataclass(frozen=True, slots=True)
class PersonRights:
    """Teams by name (`owner_of` is part of `teams`), and platform roles with their scope, sorted."""

    teams: tuple[str, ...] = ()
    owner_of: tuple[str, ...] = ()
    roles: tuple[tuple[PlatformRole, Scope], ...] = ()


async def rights_of(db: AsyncSession, person_id: UUID) -> PersonRights:
    """Return what a person holds now, whoever keeps the rows.

    An administrator is never an auditor at the same time (contract, "Roles"): of both, admin stays.
    """
    teams, owned, scopes = set[str](), set[str](), defaultdict[PlatformRole, list[str]](list)
    for kind, name, said in await db.exec(_rights_held(person_id)):  # type: ignore[call-overload]
        if kind == "role":
            scopes[PlatformRole(name)].append(said)
        else:
            teams.add(name)
            owned |= {name} if said == TeamRole.OWNER else set()
    if PlatformRole.ADMIN in scopes:
        scopes.pop(PlatformRole.AUDITOR, None)
    return PersonRights(
        teams=tuple(sorted(teams)),
        owner_of=tuple(sorted(owned)),
        roles=tuple((role, read_scope(join_scopes(texts))) for role, texts in sorted(scopes.items())),
    )


def _rights_held(person_id: UUID) -> sa.CompoundSelect[tuple[str, str, str]]:
    """Return the question for a person's teams, each with the role in it, and for roles, each with its scope.

    One question, since it is asked for every decision.
    """
    member, role = col(Membership.role), col(RoleAssignment.role)
    teams = sa.select(sa.literal("team"), col(Team.name), sa.type_coerce(member, sa.String))
    teams = teams.join(Membership, col(Membership.team_id) == col(Team.id))
    roles = sa.select(sa.literal("role"), sa.type_coerce(role, sa.String), col(RoleAssignment.scope))
    return sa.union_all(
        teams.where(col(Membership.person_id) == person_id),
        roles.where(col(RoleAssignment.person_id) == person_id),
    )


async def replace_claimed(
    db: AsyncSession, person_id: UUID, rights: Rights
) -> tuple[ClaimedRows, ClaimedRows]:
    """Make the rows kept by claims equal to `rights`; return the rows added and the rows removed."""
    return await replace_kept(db, person_id, rights, Source.CLAIM)


async def replace_kept(
    db: AsyncSession, person_id: UUID, rights: Rights, source: Source
) -> tuple[ClaimedRows, ClaimedRows]:
    """Make the rows that `source` keeps equal to `rights`; those of another source are not looked at.

    Returns:
        The rows added, and the rows removed.
    """
    memberships, assignments = await _kept(db, person_id, source)
    removed: ClaimedRows = (
        *(row for row in memberships if (row.team_id, row.role) not in rights.memberships),
        *(row for row in assignments if (row.role, row.scope) not in rights.roles),
    )
    for row in removed:
        await db.delete(row)
    # Removed first: a role with another scope takes the place of the row it replaces.
    await db.flush()
    new_teams = rights.memberships - {(row.team_id, row.role) for row in memberships}
    new_roles = rights.roles - {(row.role, row.scope) for row in assignments}
    added: ClaimedRows = (
        *(
            Membership(person_id=person_id, team_id=team, role=role, managed_by=source)
            for team, role in sorted(new_teams)
        ),
        *(
            RoleAssignment(person_id=person_id, role=role, scope=scope, managed_by=source)
            for role, scope in sorted(new_roles)
        ),
    )
    db.add_all(added)
    await db.flush()
    return added, removed


async def _kept(
    db: AsyncSession, person_id: UUID, source: Source
) -> tuple[list[Membership], list[RoleAssignment]]:
    kept = {"person_id": person_id, "managed_by": source}
    memberships = await db.exec(select(Membership).filter_by(**kept))
    assignments = await db.exec(select(RoleAssignment).filter_by(**kept))
    return list(memberships), list(assignments)
