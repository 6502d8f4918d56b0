"""People a directory brings: their rows, and one event for each."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from audit.event import Part
from audit.events import Action
from console.directory.handles import Handles
from console.directory.inserting import (
    New,
    NewDigest,
    NewIdentity,
    NewMembership,
    NewPerson,
    NewProfile,
    NewRole,
    insert_new,
)
from console.many_records import Act
from console.questions import Resource
from console.rows import identity_row, membership_row, person_row, role_row
from console.work import Row, UnitOfWork
from sso.mapping import Rights
from sso.models import Source
from sso.remembered import digests_of
from sso.syncing.plan import PersonChange
from sso.syncing.snapshot import DirectoryPerson


async def add_people(
    work: UnitOfWork, session: AsyncSession, issuer: str, changes: Iterable[PersonChange]
) -> list[Act]:
    """Put in whom `changes` add, within the caller's `work.write()`; return what is to be recorded."""
    coming = [(change, change.found) for change in changes if change.found is not None]
    handles = await Handles.near(session, [found.handle for _, found in coming])
    rows: list[New] = []
    acts = []
    for change, found in coming:
        own, act = _newcomer(work, issuer, change, found, await handles.take(found.handle))
        rows += own
        acts.append(act)
    await insert_new(session, rows)
    return acts


def given_rows(person_id: UUID, rights: Rights) -> list[NewMembership | NewRole]:
    """Return the rows that give somebody `rights`."""
    claim = Source.CLAIM
    return [
        *(NewMembership(person_id, team, role, claim) for team, role in sorted(rights.memberships, key=str)),
        *(NewRole(person_id, role, scope, claim) for role, scope in sorted(rights.roles)),
    ]


def states_of(rows: Iterable[NewMembership | NewRole], now: int) -> list[Row]:
    """Return what history keeps of rows that give rights."""
    return [
        membership_row(row, now) if isinstance(row, NewMembership) else role_row(row, now) for row in rows
    ]


def _newcomer(
    work: UnitOfWork, issuer: str, change: PersonChange, found: DirectoryPerson, handle: str
) -> tuple[Sequence[New], Act]:
    now, key = work.now, work.services.identity_key
    person = NewPerson(now)
    profile = NewProfile(person.id, handle, found.name or handle, found.email)
    identity = NewIdentity(issuer, change.subject, person.id)
    given = given_rows(person.id, change.rights)
    act = Act(
        action=Action.PERSON_CREATE,
        actor=work.principal.id,
        resource=Resource("person", person.id),
        rows=[person_row(person, now), identity_row(identity, now, key), *states_of(given, now)],
        parts=[Part(name="person", subject=person.id, content={"handle": handle, "name": profile.name})],
        fresh=True,
    )
    return [person, profile, identity, *given, *_remembered(key, identity, found)], act


def _remembered(key: bytes, identity: NewIdentity, found: DirectoryPerson) -> list[NewDigest]:
    claims = {name: list(values) for name, values in found.claims.items()}
    return [NewDigest(identity.id, digest) for digest in digests_of(key, identity.issuer, claims)]
