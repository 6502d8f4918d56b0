"""Reads of people: a page of them, and one with everything they hold. Whose data was read is recorded."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from audit.event import Part
from audit.events import Action
from console.changes.seen import nothing
from console.clock import to_text
from console.people.grants_held import grants_held
from console.people.linked import linked_accounts
from console.people.reasons import memberships_of, reasons_for, roles_held
from console.people.shown import KnownAs, PersonItem, PersonRead
from console.questions import Resource
from console.web.pagination import PAGE_SIZE, Key, KeysetPage, cut_page
from console.work import UnitOfWork
from policy.permissions import Permission
from sso.models import (
    Identity,
    Membership,
    Person,
    PersonState,
    PlatformRole,
    Profile,
    RoleAssignment,
    Team,
    TeamRole,
)
from sso.models import Session as BrowserSession

Pair = tuple[Person, Profile]


@dataclass(frozen=True, slots=True)
class PersonFilter:
    """Which people: a part of handle or name, a state, a role, a team by name."""

    text: str = ""
    state: PersonState | None = None
    role: PlatformRole | None = None
    team: str = ""


async def list_people(
    work: UnitOfWork, wanted: PersonFilter, after: Key | None = None, size: int = PAGE_SIZE
) -> KeysetPage[PersonItem]:
    """Return one page of people by handle.

    Raises:
        RefusedError: the caller reads nobody's data.
    """
    await work.authorize(Permission.PERSON_READ, Resource("person"))
    query = select(Person, Profile).join(Profile, col(Profile.person_id) == col(Person.id))
    query = query.where(*_conditions(wanted)).order_by(col(Profile.handle)).limit(size + 1)
    if after is not None:
        query = query.where(col(Profile.handle) > str(after[0]))
    async with work.read() as session:
        rows = [(person, profile) for person, profile in await session.exec(query)]
        page = cut_page(rows, lambda row: (row[1].handle,), size)
        items = await _items(session, page.items)
    await _record_read(work, [item.id for item in items])
    return KeysetPage(items, page.next)


async def read_person(work: UnitOfWork, person_id: UUID) -> PersonRead:
    """Return one person with what they hold, why, and until when.

    Raises:
        RefusedError: the caller reads nobody's data.
        NotFoundError: no such person, or one who was erased.
    """
    await work.authorize(Permission.PERSON_READ, Resource("person", person_id))
    async with work.read() as session:
        query = select(Person, Profile).join(Profile, col(Profile.person_id) == col(Person.id))
        found = (await session.exec(query.where(col(Person.id) == person_id))).first()
        if found is None:
            raise nothing()
        (item,) = await _items(session, [(found[0], found[1])])
        read = await _detail(work, session, (found[0], found[1]), item)
    await _record_read(work, [person_id])
    return read


async def _record_read(work: UnitOfWork, people: Sequence[UUID]) -> None:
    only = people[0] if len(people) == 1 else None
    seen = Part(name="seen", subject=None, content={"people": [str(person) for person in people]})
    async with work.write():
        await work.record(Action.PERSON_READ, resource=Resource("person", only), parts=[seen])


def _conditions(wanted: PersonFilter) -> list[sa.ColumnElement[bool]]:
    found: list[sa.ColumnElement[bool]] = []
    if text := wanted.text.strip().lower():
        names = (sa.func.lower(col(Profile.handle)), sa.func.lower(col(Profile.name)))
        found.append(sa.or_(*(name.contains(text, autoescape=True) for name in names)))
    if wanted.state is not None:
        found.append(col(Person.state) == wanted.state)
    if wanted.role is not None:
        held = sa.select(col(RoleAssignment.person_id)).where(col(RoleAssignment.role) == wanted.role)
        found.append(col(Person.id).in_(held))
    if wanted.team:
        inside = sa.select(col(Membership.person_id)).join(Team, col(Team.id) == col(Membership.team_id))
        found.append(col(Person.id).in_(inside.where(col(Team.name) == wanted.team)))
    return found


async def _items(session: AsyncSession, rows: Sequence[Pair]) -> list[PersonItem]:
    ids = [person.id for person, _ in rows]
    held = select(Membership, Team.name).join(Team, col(Team.id) == col(Membership.team_id))
    memberships = (await session.exec(held.where(col(Membership.person_id).in_(ids)))).all()
    roles = (await session.exec(select(RoleAssignment).where(col(RoleAssignment.person_id).in_(ids)))).all()
    seen = await _last_sign_ins(session, ids)
    teams: defaultdict[UUID, set[str]] = defaultdict(set)
    owned: defaultdict[UUID, set[str]] = defaultdict(set)
    sources: defaultdict[UUID, set[str]] = defaultdict(set)
    for row, team in memberships:
        teams[row.person_id].add(team)
        sources[row.person_id].add(row.managed_by.value)
        if row.role is TeamRole.OWNER:
            owned[row.person_id].add(team)
    by_person: defaultdict[UUID, set[str]] = defaultdict(set)
    for role in roles:
        by_person[role.person_id].add(role.role.value)
        sources[role.person_id].add(role.managed_by.value)
    return [
        PersonItem(
            id=person.id,
            handle=profile.handle,
            name=profile.name,
            kind=person.kind.value,
            state=person.state.value,
            roles=sorted(by_person[person.id]),
            teams=sorted(teams[person.id]),
            owner_of=sorted(owned[person.id]),
            sources=sorted(sources[person.id]),
            last_sign_in=to_text(seen[person.id]) if person.id in seen else None,
        )
        for person, profile in rows
    ]


async def _last_sign_ins(session: AsyncSession, ids: Sequence[UUID]) -> Mapping[UUID, int]:
    newest = sa.func.max(BrowserSession.created)
    query = select(BrowserSession.person_id, newest).where(col(BrowserSession.person_id).in_(ids))
    return dict((await session.exec(query.group_by(col(BrowserSession.person_id)))).all())


async def _detail(work: UnitOfWork, session: AsyncSession, row: Pair, item: PersonItem) -> PersonRead:
    person, profile = row
    reasons = await reasons_for(work.services, session, person.id)
    identities = await session.exec(select(Identity).where(col(Identity.person_id) == person.id))
    return PersonRead(
        **item.model_dump(),
        email=profile.email,
        created=to_text(person.created),
        identities=[KnownAs(issuer=one.issuer, subject=one.subject) for one in identities],
        linked=await linked_accounts(session, person.id),
        memberships=await memberships_of(session, person.id, reasons),
        held_roles=await roles_held(session, person.id, reasons),
        grants=await grants_held(session, person.id, work.now),
        sessions=await _living(session, person.id, work.now),
    )


async def _living(session: AsyncSession, person_id: UUID, now: int) -> int:
    query = (
        select(sa.func.count())
        .select_from(BrowserSession)
        .where(
            col(BrowserSession.person_id) == person_id,
            col(BrowserSession.revoked_at).is_(None),
            col(BrowserSession.end) > now,
            col(BrowserSession.idle_end) > now,
        )
    )
    return (await session.exec(query)).one()
