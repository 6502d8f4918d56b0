"""Rights as the tables hold them: read them, and replace those that claims keep."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from sso.mapping import Rights
from sso.models import Membership, PlatformRole, RoleAssignment, Source, Team, TeamRole
from sso.scopes import Scope, join_scopes, read_scope

Claimed = Membership | RoleAssignment
ClaimedRows = tuple[Claimed, ...]
_AT_ONCE: Final = 500


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
    return await replace_kept(db, {person_id: rights}, Source.CLAIM)


async def replace_kept(
    db: AsyncSession, wanted: Mapping[UUID, Rights], source: Source
) -> tuple[ClaimedRows, ClaimedRows]:
    """Make what `source` keeps of each person equal to its rights; rows of another source are not looked at.

    As many people cost as many rows, and not as many questions.

    Returns:
        The rows added, and the rows removed.
    """
    held = {_key(row): row for row in await _kept(db, list(wanted), source)}
    due = {_key(row): row for person_id, one in wanted.items() for row in _rows(person_id, one, source)}
    removed = tuple(row for key, row in held.items() if key not in due)
    added = tuple(row for key, row in due.items() if key not in held)
    for row in removed:
        await db.delete(row)
    # Removed first: a role with another scope takes the place of the row it replaces.
    await db.flush()
    db.add_all(added)
    await db.flush()
    return added, removed


def _key(row: Claimed) -> tuple[UUID, object, str]:
    if isinstance(row, Membership):
        return row.person_id, row.team_id, row.role
    return row.person_id, row.role, row.scope


def _rows(person_id: UUID, rights: Rights, source: Source) -> Iterator[Claimed]:
    for team, role in sorted(rights.memberships):
        yield Membership(person_id=person_id, team_id=team, role=role, managed_by=source)
    for given, scope in sorted(rights.roles):
        yield RoleAssignment(person_id=person_id, role=given, scope=scope, managed_by=source)


async def _kept(db: AsyncSession, people: Sequence[UUID], source: Source) -> list[Claimed]:
    found = list[Claimed]()
    for start in range(0, len(people), _AT_ONCE):
        some = people[start : start + _AT_ONCE]
        teams = select(Membership).where(col(Membership.person_id).in_(some))
        roles = select(RoleAssignment).where(col(RoleAssignment.person_id).in_(some))
        found += [*await db.exec(teams.filter_by(managed_by=source))]
        found += [*await db.exec(roles.filter_by(managed_by=source))]
    return found
