"""What our tables hold of the people an issuer knows: read in a few queries, whatever their number."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from sso.mapping import Rights
from sso.models import (
    Identity,
    Membership,
    Person,
    PersonState,
    PlatformRole,
    Profile,
    RoleAssignment,
    Source,
    TeamRole,
)

AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class HeldPerson:
    """Somebody as our tables have them; `rights` are the rows that claims keep, of any issuer."""

    id: UUID
    active: bool
    name: str
    email: str | None
    rights: Rights
    other_issuers: frozenset[str]


async def held_people(
    db: AsyncSession, issuer: str, subjects: Collection[str] | None = None
) -> Mapping[str, HeldPerson]:
    """Return whom `issuer` knows here, by subject: everybody, or only `subjects`."""
    if subjects is None:
        return await _held(db, issuer, None)
    found: dict[str, HeldPerson] = {}
    for some in _in_slices(subjects):
        found |= await _held(db, issuer, some)
    return found


async def _held(db: AsyncSession, issuer: str, some: Sequence[str] | None) -> dict[str, HeldPerson]:
    query = (
        select(Identity.subject, Person.id, Person.state)
        .join(Person, col(Person.id) == col(Identity.person_id))
        .where(Identity.issuer == issuer)
    )
    known = (await db.exec(query if some is None else query.where(col(Identity.subject).in_(some)))).all()
    ids = None if some is None else [person for _, person, _ in known]
    names = await _names(db, ids)
    memberships, roles = await _memberships(db, ids), await _roles(db, ids)
    others = await _other_issuers(db, issuer, ids)
    return {
        subject: HeldPerson(
            id=person,
            active=state is PersonState.ACTIVE,
            name=names[person][0],
            email=names[person][1],
            rights=Rights(frozenset(memberships[person]), frozenset(roles[person])),
            other_issuers=frozenset(others[person]),
        )
        for subject, person, state in known
        if person in names
    }


async def _names(db: AsyncSession, ids: Sequence[UUID] | None) -> dict[UUID, tuple[str, str | None]]:
    query = select(Profile.person_id, Profile.name, Profile.email)
    found = await db.exec(_only(query, col(Profile.person_id), ids))
    return {person: (name, email) for person, name, email in found}


async def _memberships(
    db: AsyncSession, ids: Sequence[UUID] | None
) -> defaultdict[UUID, set[tuple[UUID, TeamRole]]]:
    query = select(Membership.person_id, Membership.team_id, Membership.role)
    kept = query.where(col(Membership.managed_by) == Source.CLAIM)
    found: defaultdict[UUID, set[tuple[UUID, TeamRole]]] = defaultdict(set)
    for person, team, role in await db.exec(_only(kept, col(Membership.person_id), ids)):
        found[person].add((team, role))
    return found


async def _roles(
    db: AsyncSession, ids: Sequence[UUID] | None
) -> defaultdict[UUID, set[tuple[PlatformRole, str]]]:
    query = select(RoleAssignment.person_id, RoleAssignment.role, RoleAssignment.scope)
    kept = query.where(col(RoleAssignment.managed_by) == Source.CLAIM)
    found: defaultdict[UUID, set[tuple[PlatformRole, str]]] = defaultdict(set)
    for person, role, scope in await db.exec(_only(kept, col(RoleAssignment.person_id), ids)):
        found[person].add((role, scope))
    return found


async def _other_issuers(
    db: AsyncSession, issuer: str, ids: Sequence[UUID] | None
) -> defaultdict[UUID, set[str]]:
    query = select(Identity.person_id, Identity.issuer).where(Identity.issuer != issuer)
    found: defaultdict[UUID, set[str]] = defaultdict(set)
    for person, other in await db.exec(_only(query, col(Identity.person_id), ids)):
        found[person].add(other)
    return found


def _only(query: Any, column: Any, ids: Sequence[UUID] | None) -> Any:  # noqa: ANN401 - SQLModel's own types
    return query if ids is None else query.where(column.in_(ids))


def _in_slices(subjects: Collection[str]) -> Iterator[list[str]]:
    left = iter(sorted(subjects))
    while some := list(islice(left, AT_ONCE)):
        yield some
