"""Erases a person: everything that names them in the tables, and every right they held, in one transaction.

What stays is the principal id, and under it rows of codes, times and references: that somebody asked,
answered, called. Details in the log go with the person's key, which `settle` destroys after the commit.
"""

from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col, delete, select
from sqlmodel.ext.asyncio.session import AsyncSession

from audit.event import Part
from audit.events import Action
from console.access.rows import revoked_grant_row
from console.changes.rows import change_row
from console.erasure.words import erase_mentions, erase_own_words
from console.keys.ending import forget_keys
from console.questions import Resource
from console.rows import membership_row, person_row, role_row
from console.work import Row, UnitOfWork
from policy.models import Change, ChangeState, Grant, PrincipalType, SignInUse
from sso.models import (
    Identity,
    Membership,
    Person,
    PersonState,
    Profile,
    RoleAssignment,
    ScimExclusion,
    ScimMember,
    ScimUser,
    Session,
)
from sso.principal import Authentication
from sso.remembered import forget

NAMING_TABLES: Final = (
    "profile",
    "identity",
    "session",
    "sign_in",
    "sign_in_use",
    "change",
    "review",
    "access_grant",
    "claim_digest",
    "route",
    "scim_user",
    "api_key",
)
"""The tables of the main tree in which an erasure overwrites or deletes something that names a person."""


@dataclass(frozen=True, slots=True)
class _Known:
    """Everything by which the tables know a person."""

    person: Person
    profile: Profile | None
    identities: tuple[Identity, ...]

    @property
    def names(self) -> frozenset[str]:
        """The words that name the person."""
        profile = [self.profile.handle, self.profile.name, self.profile.email] if self.profile else []
        return frozenset(filter(None, [*profile, *(one.subject for one in self.identities)]))


async def erase_person(
    work: UnitOfWork,
    session: AsyncSession,
    person_id: UUID,
    *,
    request: UUID | None = None,
    reapplied: bool = False,
) -> UUID:
    """Erase a person's rows within the caller's open `work.write()`, and record `subject.erase`.

    After the commit the caller calls `settle_erasures`, which destroys the person's key; should the process
    end before that, the next start does it, and so does the worker within seconds.

    Args:
        work: who carries it out; the decision is the caller's.
        session: the open transaction.
        person_id: whose data.
        request: the change that was approved.
        reapplied: whether this repeats an erasure on a database restored to an earlier day.

    Returns:
        The id of the entry.
    """
    known, now = await _read(session, person_id), work.now
    rows = await _end_rights(session, known, now)
    ended = await _end_requests(session, person_id, now)
    await erase_own_words(session, person_id)
    await erase_mentions(session, known.names)
    sessions = await _forget(session, known)
    counts = {"requests": len(ended), "rights": len(rows), "sessions": sessions}
    return await work.record(
        Action.SUBJECT_ERASE,
        resource=Resource("person", person_id),
        request=request,
        rows=[*rows, *ended, *_end_identities(known, now), person_row(known.person, now)],
        parts=[Part(name="erasure", subject=None, content=counts)],
        flags=("reapplied",) if reapplied else (),
    )


async def _read(session: AsyncSession, person_id: UUID) -> _Known:
    person = await session.get_one(Person, person_id, with_for_update=True)
    identities = await session.exec(select(Identity).where(col(Identity.person_id) == person_id))
    return _Known(person, await session.get(Profile, person_id), tuple(identities))


async def _end_rights(session: AsyncSession, known: _Known, now: int) -> list[Row]:
    own, rows = known.person.id, list[Row]()
    for membership in await session.exec(select(Membership).where(col(Membership.person_id) == own)):
        rows.append(membership_row(membership, now, gone=True))
        await session.delete(membership)
    for role in await session.exec(select(RoleAssignment).where(col(RoleAssignment.person_id) == own)):
        rows.append(role_row(role, now, gone=True))
        await session.delete(role)
    return rows + await _end_grants(session, own, now) + await forget_keys(session, own, now)


async def _end_grants(session: AsyncSession, person_id: UUID, now: int) -> list[Row]:
    held = select(Grant).where(
        col(Grant.principal_id) == person_id,
        col(Grant.principal_type) != PrincipalType.TEAM,
        col(Grant.revoked_at).is_(None),
        col(Grant.ends) > now,
    )
    grants = list(await session.exec(held))
    for grant in grants:
        grant.revoked_at, grant.revoke_reason = now, "erased"
        session.add(grant)
    return [revoked_grant_row(grant, now) for grant in grants]


async def _end_requests(session: AsyncSession, person_id: UUID, now: int) -> list[Row]:
    pending = select(Change).where(
        col(Change.requester_id) == person_id, col(Change.state) == ChangeState.PENDING
    )
    changes = list(await session.exec(pending))
    for change in changes:
        change.state, change.decided = ChangeState.WITHDRAWN, now
        session.add(change)
    return [change_row(change, now) for change in changes]


def _end_identities(known: _Known, now: int) -> list[Row]:
    return [Row("identity", one.id, None, now) for one in known.identities]


async def _forget(session: AsyncSession, known: _Known) -> int:
    """Delete what names the person, and return how many sessions were among it."""
    own = known.person.id
    known.person.state = PersonState.DISABLED
    session.add(known.person)
    for identity in known.identities:
        await session.exec(delete(SignInUse).where(_used_by(identity)))
    await _forget_directory(session, own)
    await forget(session, [identity.id for identity in known.identities])
    for table in (Profile, Identity):
        await session.exec(delete(table).where(_of(table, own)))
    ended = await session.exec(delete(Session).where(_of(Session, own)).returning(col(Session.id_hash)))
    return len(ended.all())


async def _forget_directory(session: AsyncSession, person_id: UUID) -> None:
    """Delete what a directory said of the person; when it speaks of them again, that is somebody new."""
    users = sa.select(col(ScimUser.id)).where(col(ScimUser.person_id) == person_id)
    await session.exec(delete(ScimMember).where(col(ScimMember.user_id).in_(users)))
    for table in (ScimUser, ScimExclusion):
        await session.exec(delete(table).where(_of(table, person_id)))


def _of(table: Any, person_id: UUID) -> sa.ColumnElement[bool]:  # noqa: ANN401 - one of the tables above
    found: sa.ColumnElement[bool] = col(table.person_id) == person_id
    return found


def _used_by(identity: Identity) -> sa.ColumnElement[bool]:
    proof = Authentication(method="session", issuer=identity.issuer, subject=identity.subject, auth_time=0)
    return col(SignInUse.key).startswith(proof.sign_in_key().removesuffix("0"), autoescape=True)
