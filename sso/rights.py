"""Rights as the tables hold them: read them, and replace those that claims keep."""

from collections import defaultdict
from dataclasses import dataclass
from uuid import UUID

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
    held = select(Team.name, Membership.role).join(Membership, col(Membership.team_id) == col(Team.id))
    teams = (await db.exec(held.where(Membership.person_id == person_id))).all()
    assignments = await db.exec(select(RoleAssignment).where(RoleAssignment.person_id == person_id))
    scopes: defaultdict[PlatformRole, list[str]] = defaultdict(list)
    for row in assignments:
        scopes[row.role].append(row.scope)
    if PlatformRole.ADMIN in scopes:
        scopes.pop(PlatformRole.AUDITOR, None)
    return PersonRights(
        teams=tuple(sorted({name for name, _ in teams})),
        owner_of=tuple(sorted({name for name, role in teams if role is TeamRole.OWNER})),
        roles=tuple((role, read_scope(join_scopes(texts))) for role, texts in sorted(scopes.items())),
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
