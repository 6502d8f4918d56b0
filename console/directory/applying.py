"""Carries a plan out: rows by the hundred in one transaction, one event for each person with all its rows."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import SQLModel, col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from audit.event import Part
from audit.events import Action
from console.directory.handles import Handles
from console.errors import ConflictError
from console.many_records import Act
from console.people.leaving import disable_person, enable_person
from console.questions import Resource
from console.rows import identity_row, membership_row, person_row, role_row
from console.work import Row, UnitOfWork
from sso.mapping import Rights
from sso.models import (
    ClaimDigest,
    DirectoryLeaver,
    Identity,
    Membership,
    Person,
    Profile,
    RoleAssignment,
    Source,
)
from sso.remembered import digests_of
from sso.syncing.plan import Kind, PersonChange, Plan
from sso.syncing.snapshot import DirectoryPerson

AT_ONCE: Final = 250
REASON: Final = "directory_disabled"

Given = Membership | RoleAssignment


@dataclass(frozen=True, slots=True)
class Applied:
    """How many people were changed, and how many were not because somebody else changed them meanwhile."""

    people: int = 0
    overtaken: int = 0

    def __add__(self, other: "Applied") -> "Applied":
        return Applied(self.people + other.people, self.overtaken + other.overtaken)


async def apply_plan(work: UnitOfWork, plan: Plan) -> Applied:
    """Carry out `plan`: first what takes away, then everything else.

    Raises:
        AuditUnavailableError: a batch could not be recorded; what was done before it stays, and is recorded.
    """
    taking = [change for change in plan.changes if change.takes]
    giving = [change for change in plan.changes if not change.takes]
    done = Applied()
    for some in _slices([*taking, *giving]):
        done += await _apply_together(work, plan.issuer, some)
    return done


async def _apply_together(work: UnitOfWork, issuer: str, changes: Sequence[PersonChange]) -> Applied:
    try:
        async with work.write() as session:
            await _apply(work, session, issuer, changes)
    except ConflictError:
        if len(changes) == 1:
            return Applied(overtaken=1)
        # Somebody signed in at this moment: one by one, only that person waits for the next sync.
        alone = [await _apply_together(work, issuer, [change]) for change in changes]
        return sum(alone, Applied())
    return Applied(people=len(changes))


async def _apply(
    work: UnitOfWork, session: AsyncSession, issuer: str, changes: Sequence[PersonChange]
) -> None:
    by_kind = {kind: [change for change in changes if change.kind is kind] for kind in Kind}
    for change in by_kind[Kind.END]:
        await _end(work, session, issuer, change)
    for change in by_kind[Kind.RETURN]:
        await _return(work, session, change)
    acts = await _added(work, session, issuer, by_kind[Kind.ADD])
    acts += await _changed(work, session, [*by_kind[Kind.CHANGE], *by_kind[Kind.RETURN], *by_kind[Kind.END]])
    if acts:
        await work.record_many(acts)


async def _end(work: UnitOfWork, session: AsyncSession, issuer: str, change: PersonChange) -> None:
    if change.held is None:
        return
    if await disable_person(work, session, change.held.id, REASON):
        await session.merge(DirectoryLeaver(person_id=change.held.id, issuer=issuer, ended=work.now))


async def _return(work: UnitOfWork, session: AsyncSession, change: PersonChange) -> None:
    if change.held is None:
        return
    await enable_person(work, session, change.held.id, "directory_enabled")


async def _added(
    work: UnitOfWork, session: AsyncSession, issuer: str, changes: Sequence[PersonChange]
) -> list[Act]:
    handles = Handles(session)
    people, others, acts = [], [], []
    for change in changes:
        if change.found is None:
            continue
        person = Person(created=work.now)
        handle = await handles.take(change.found.handle)
        profile = Profile(
            person_id=person.id, handle=handle, name=change.found.name or handle, email=change.found.email
        )
        identity = Identity(issuer=issuer, subject=change.subject, person_id=person.id)
        given = _given(person.id, change.rights)
        people.append(person)
        others += [profile, identity, *given, *_remembered(work, identity, change.found)]
        rows = [person_row(person, work.now), identity_row(identity, work.now, work.services.identity_key)]
        content = {"handle": profile.handle, "name": profile.name}
        part = Part(name="person", subject=person.id, content=content)
        rows += [_right_row(row, work.now) for row in given]
        acts.append(_act(work, Action.PERSON_CREATE, person.id, rows, [part], fresh=True))
    await _insert(session, people)
    await _insert(session, others)
    return acts


def _remembered(work: UnitOfWork, identity: Identity, found: DirectoryPerson) -> list[ClaimDigest]:
    claims = {name: list(values) for name, values in found.claims.items()}
    digests = digests_of(work.services.identity_key, identity.issuer, claims)
    return [ClaimDigest(identity_id=identity.id, digest=digest) for digest in digests]


async def _changed(work: UnitOfWork, session: AsyncSession, changes: Sequence[PersonChange]) -> list[Act]:
    removed = await _removed(session, changes)
    added, acts = [], []
    for change in changes:
        if change.held is None:
            continue
        given, gone = _given(change.held.id, change.gained), removed.get(change.held.id, [])
        added += given
        rows = [_right_row(row, work.now, gone=True) for row in gone]
        rows += [_right_row(row, work.now) for row in given]
        if await _rename(session, change) or rows:
            acts.append(_act(work, Action.PERSON_SYNC, change.held.id, rows))
    await _insert(session, added)
    return acts


async def _removed(session: AsyncSession, changes: Sequence[PersonChange]) -> dict[UUID, list[Given]]:
    """Delete what goes, and return it by person: it is read again, for it must be there still."""
    losing = {
        change.held.id: change.lost
        for change in changes
        if change.held and (change.lost.memberships or change.lost.roles)
    }
    found: dict[UUID, list[Given]] = {}
    mine = [row for row in await _held_rows(session, list(losing)) if _is_among(row, losing[row.person_id])]
    for table in (Membership, RoleAssignment):
        gone = [row.id for row in mine if isinstance(row, table)]
        if gone:
            await session.exec(sa.delete(table).where(col(table.id).in_(gone)))
    for row in mine:
        found.setdefault(row.person_id, []).append(row)
    return found


async def _held_rows(session: AsyncSession, people: Sequence[UUID]) -> list[Given]:
    teams = select(Membership).where(col(Membership.managed_by) == Source.CLAIM)
    roles = select(RoleAssignment).where(col(RoleAssignment.managed_by) == Source.CLAIM)
    return [
        *(await session.exec(teams.where(col(Membership.person_id).in_(people)))),
        *(await session.exec(roles.where(col(RoleAssignment.person_id).in_(people)))),
    ]


async def _rename(session: AsyncSession, change: PersonChange) -> bool:
    found, has = change.found, change.held
    if found is None or has is None or (found.name, found.email) == (has.name, has.email):
        return False
    mine = col(Profile.person_id) == has.id
    await session.exec(sa.update(Profile).where(mine).values(name=found.name, email=found.email))
    return True


def _is_among(row: Given, lost: Rights) -> bool:
    if isinstance(row, Membership):
        return (row.team_id, row.role) in lost.memberships
    return (row.role, row.scope) in lost.roles


def _given(person_id: UUID, rights: Rights) -> list[Given]:
    claim = Source.CLAIM
    return [
        *(
            Membership(person_id=person_id, team_id=team, role=role, managed_by=claim)
            for team, role in sorted(rights.memberships, key=str)
        ),
        *(
            RoleAssignment(person_id=person_id, role=role, scope=scope, managed_by=claim)
            for role, scope in sorted(rights.roles)
        ),
    ]


def _right_row(row: Given, now: int, *, gone: bool = False) -> Row:
    if isinstance(row, Membership):
        return membership_row(row, now, gone=gone)
    return role_row(row, now, gone=gone)


def _act(
    work: UnitOfWork,
    action: Action,
    person: UUID,
    rows: Sequence[Row],
    parts: Sequence[Part] = (),
    *,
    fresh: bool = False,
) -> Act:
    resource = Resource("person", person)
    return Act(action=action, actor=work.principal.id, resource=resource, rows=rows, parts=parts, fresh=fresh)


async def _insert(session: AsyncSession, rows: Iterable[SQLModel]) -> None:
    """Insert rows table by table, many in one statement: as objects each would cost ten times as much."""
    by_table: dict[type[SQLModel], list[dict[str, Any]]] = {}
    for row in rows:
        by_table.setdefault(type(row), []).append(row.model_dump())
    for table, values in by_table.items():
        await session.exec(sa.insert(table), params=values)


def _slices(changes: Iterable[PersonChange]) -> Iterator[list[PersonChange]]:
    left = iter(changes)
    while some := list(islice(left, AT_ONCE)):
        yield some
