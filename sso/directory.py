"""The directory: who is known, and under which identities. Rights come from its tables only."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from sso.claims import IdTokenClaims
from sso.errors import SignInError
from sso.handles import free_handle
from sso.mapping import TEAM_ROLES, Rights, Rule, RuleBook
from sso.models import (
    Identity,
    Person,
    PersonState,
    PlatformRole,
    Profile,
    RoleAssignment,
    Session,
    Source,
    Team,
)
from sso.principal import Authentication, Principal
from sso.rights import ClaimedRows, PersonRights, replace_claimed, rights_of
from sso.scopes import ALL
from sso.sessions import authentication_of

__all__ = [
    "Admission",
    "PersonRights",
    "admit",
    "bootstrap",
    "given_by",
    "principal_for",
    "principal_of_session",
    "rights_of",
    "rule_book",
]


@dataclass(frozen=True, slots=True)
class Admission:
    """Someone who may come in, and what this sign-in changed in the tables."""

    person: Person
    profile: Profile
    identity: Identity
    created: bool
    added: ClaimedRows
    removed: ClaimedRows


async def admit(db: AsyncSession, claims: IdTokenClaims, rules: Iterable[Rule], now: int) -> Admission:
    """Find or create the person behind a sign-in and bring their claimed rights up to date.

    A person is found by issuer and subject, never by e-mail address or handle. Only rows kept by claims
    are replaced.

    Raises:
        SignInError: groups_overage or person_disabled.
    """
    rights = await given_by(db, rules, {**claims.given, "iss": claims.issuer})
    known = await _known(db, claims.issuer, claims.subject)
    created = known is None
    person, profile, identity = known or await _create(db, claims, now)
    if person.state is not PersonState.ACTIVE:
        raise SignInError("person_disabled")
    if not created:
        _refresh(profile, claims)
    added, removed = await replace_claimed(db, person.id, rights)
    await db.flush()
    return Admission(person, profile, identity, created, added, removed)


async def rule_book(db: AsyncSession, rules: Iterable[Rule]) -> RuleBook:
    """Return the rules made ready, with the teams that a path may name."""
    known = list(rules)
    by_path = any(rule.team_id is None and rule.role in TEAM_ROLES for rule in known)
    teams = dict((await db.exec(select(Team.name, Team.id))).all()) if by_path else {}
    return RuleBook(known, teams)


async def given_by(db: AsyncSession, rules: Iterable[Rule], claims: Mapping[str, Any]) -> Rights:
    """Return what the rules give for the claims of one sign-in, `iss` among them.

    Raises:
        SignInError: groups_overage.
    """
    return (await rule_book(db, rules)).rights(claims)


async def principal_for(
    db: AsyncSession, issuer: str, subject: str, authentication: Authentication
) -> Principal | None:
    """Return the principal an issuer's subject is; None when the subject is unknown or disabled."""
    known = await _known(db, issuer, subject)
    if known is None or known[0].state is not PersonState.ACTIVE:
        return None
    person, profile, _ = known
    return Principal(person.id, person.kind.value, profile.handle, profile.name, authentication)


async def principal_of_session(db: AsyncSession, session: Session) -> Principal | None:
    """Return the principal of a live session; None when the person is gone or disabled."""
    return await principal_for(db, session.issuer, session.subject, authentication_of(session))


async def bootstrap(db: AsyncSession, issuer: str, subject: str, now: int) -> Admission:
    """Make the identity an administrator by hand: how the first one comes to be.

    The caller decides whether that is still allowed (contract, `guildhall bootstrap`).
    """
    claims = IdTokenClaims(issuer, subject, expires=0, issued=0, handle="admin", name="First administrator")
    known = await _known(db, issuer, subject)
    person, profile, identity = known or await _create(db, claims, now)
    wanted = RoleAssignment(person_id=person.id, role=PlatformRole.ADMIN, scope=ALL, managed_by=Source.MANUAL)
    same = {"person_id": person.id, "role": wanted.role, "managed_by": wanted.managed_by}
    held = (await db.exec(select(RoleAssignment).filter_by(**same))).first()
    added = () if held else (wanted,)
    db.add_all(added)
    await db.flush()
    return Admission(person, profile, identity, known is None, added, ())


async def _known(db: AsyncSession, issuer: str, subject: str) -> tuple[Person, Profile, Identity] | None:
    query = (
        select(Person, Profile, Identity)
        .join(Identity, col(Identity.person_id) == col(Person.id))
        .join(Profile, col(Profile.person_id) == col(Person.id))
        .where(Identity.issuer == issuer, Identity.subject == subject)
    )
    found = (await db.exec(query)).one_or_none()
    return None if found is None else (found[0], found[1], found[2])


async def _create(db: AsyncSession, claims: IdTokenClaims, now: int) -> tuple[Person, Profile, Identity]:
    person = Person(created=now)
    handle = await free_handle(db, claims.handle)
    profile = Profile(person_id=person.id, handle=handle, name=claims.name or handle, email=claims.email)
    identity = Identity(issuer=claims.issuer, subject=claims.subject, person_id=person.id)
    db.add(person)
    # The tables have no relationships declared, so the order of the inserts is said here.
    await db.flush()
    db.add_all((profile, identity))
    await db.flush()
    return person, profile, identity


def _refresh(profile: Profile, claims: IdTokenClaims) -> None:
    profile.name = claims.name or profile.name
    profile.email = claims.email or profile.email
