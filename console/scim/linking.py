"""Which person a SCIM user is. It follows the subject, and nobody inherits what another person holds.

A directory that says another subject of a user points at another person: the one it pointed at before keeps
their own history, and is out unless somebody else lets them in.
"""

from uuid import UUID

from scim2_models import UniquenessException
from sqlmodel import col, select

from audit.event import Part
from audit.events import Action
from console.people.leaving import disable_person, enable_person
from console.questions import Resource
from console.rows import identity_row, person_row
from console.scim.desk import Desk
from sso.models import Identity, Person, PersonState, Profile, ScimExclusion, ScimUser
from sso.scim.people import add_person, find_identity, subject_of

DEACTIVATED = "scim_deactivated"
REMOVED = "scim_removed"
REPOINTED = "scim_subject_changed"
ACTIVATED = "scim_activated"


async def link(desk: Desk, user: ScimUser) -> UUID:
    """Return the person this user is from now on; a new one when nobody is known by its subject.

    Raises:
        UniquenessException: another user of this directory is that person already.
    """
    subject = subject_of(desk.credential, user)
    known = await find_identity(desk.session, desk.issuer, subject) if subject else None
    if known is None:
        return await _add(desk, user, subject)
    other = select(ScimUser.id).where(
        col(ScimUser.issuer) == desk.issuer,
        col(ScimUser.person_id) == known.person_id,
        col(ScimUser.id) != user.id,
    )
    if (await desk.session.exec(other)).first() is not None:
        raise UniquenessException(detail="Another user here has this subject.")
    return known.person_id


async def needs_link(desk: Desk, user: ScimUser) -> bool:
    """Say whether the user's subject is no longer the one of the person it points at."""
    own = select(Identity.subject).where(
        col(Identity.person_id) == user.person_id, col(Identity.issuer) == desk.issuer
    )
    held = (await desk.session.exec(own)).all()
    subject = subject_of(desk.credential, user)
    return subject not in held if subject else bool(held)


async def keep_out(desk: Desk, person_id: UUID, reason: str) -> None:
    """End a person's access, and remember that this directory did it."""
    if await disable_person(desk.work, desk.session, person_id, reason):
        desk.session.add(ScimExclusion(person_id=person_id, issuer=desk.issuer))


async def let_in(desk: Desk, person_id: UUID) -> None:
    """Let a person in again whom this directory kept out; whom somebody else disabled stays out."""
    exclusion = await desk.session.get(ScimExclusion, person_id)
    if exclusion is not None and exclusion.issuer == desk.issuer:
        await enable_person(desk.work, desk.session, person_id, ACTIVATED)


async def is_out(desk: Desk, person_id: UUID) -> bool:
    """Say whether the person may not sign in."""
    return (await desk.session.get_one(Person, person_id)).state is PersonState.DISABLED


async def _add(desk: Desk, user: ScimUser, subject: str | None) -> UUID:
    person, profile, identity = await add_person(desk.session, user, subject, desk.work.now)
    rows = [person_row(person, desk.work.now)]
    if identity is not None:
        rows.append(identity_row(identity, desk.work.now, desk.work.services.identity_key))
    await desk.work.record(
        Action.PERSON_CREATE,
        resource=Resource("person", person.id),
        rows=rows,
        parts=[_named(person, profile)],
    )
    return person.id


def _named(person: Person, profile: Profile) -> Part:
    content = {"handle": profile.handle, "name": profile.name}
    return Part(name="person", subject=person.id, content=content)
