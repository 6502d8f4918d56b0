"""The person behind a SCIM user: found by the issuer and the subject its credential says, and by no more."""

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from sso.handles import free_handle
from sso.models import Identity, Person, Profile, ScimCredential, ScimUser, SubjectFrom
from sso.scim.resources import person_name


def subject_of(credential: ScimCredential, user: ScimUser) -> str | None:
    """Return the subject by which the issuer's tokens name this user; None while it has not been said."""
    return user.external_id if credential.subject_from is SubjectFrom.EXTERNAL_ID else user.user_name


async def find_identity(db: AsyncSession, issuer: str, subject: str) -> Identity | None:
    """Return the identity of exactly this subject of this issuer."""
    query = select(Identity).where(col(Identity.issuer) == issuer, col(Identity.subject) == subject)
    return (await db.exec(query)).first()


async def add_person(
    db: AsyncSession, user: ScimUser, subject: str | None, now: int
) -> tuple[Person, Profile, Identity | None]:
    """Add the person a directory tells of; without a subject nobody can sign in as them yet."""
    person = Person(created=now)
    handle = await free_handle(db, user.user_name)
    name, email = person_name(user)
    db.add(person)
    await db.flush()  # the tables have no relationships declared, so the order of the inserts is said here
    profile = Profile(person_id=person.id, handle=handle, name=name or handle, email=email)
    db.add(profile)
    if subject is None:
        return person, profile, None
    identity = Identity(issuer=user.issuer, subject=subject, person_id=person.id)
    db.add(identity)
    return person, profile, identity


async def refresh_profile(db: AsyncSession, user: ScimUser) -> None:
    """Take over how the directory calls the person and where it writes to."""
    profile = await db.get(Profile, user.person_id)
    name, email = person_name(user)
    if profile is not None:
        profile.name, profile.email = name or profile.name, email or profile.email
        db.add(profile)
