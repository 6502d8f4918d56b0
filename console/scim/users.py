"""Users a directory writes: who is here, and who has left. Each write is one event beside what it caused."""

from typing import Any, Final
from uuid import UUID

from scim2_models import Resource as ScimResource
from scim2_models import UniquenessException
from sqlmodel import col, delete, select

from audit.event import Part
from audit.events import Action
from console.questions import Resource
from console.scim.desk import Desk
from console.scim.linking import DEACTIVATED, REMOVED, REPOINTED, keep_out, let_in, link, needs_link
from console.scim.rights import settle_rights
from sso.models import ScimMember, ScimUser
from sso.scim.people import refresh_profile, subject_of
from sso.scim.resources import person_name, write_user

NOBODY: Final = UUID(int=0)
"""Whom a user points at until its person is found, in the same breath."""


async def create(desk: Desk, resource: ScimResource[Any]) -> ScimUser:
    """Keep a new user, and the person it is.

    Raises:
        UniquenessException: the user name is taken, in whatever case, or the person is.
    """
    now = desk.work.now
    user = ScimUser(
        person_id=NOBODY, issuer=desk.issuer, user_name="", user_key="", created=now, modified=now
    )
    write_user(user, resource)
    user.active = user.active is not False
    await _refuse_twin(desk, user)
    user.person_id = await link(desk, user)
    desk.session.add(user)
    desk.groups[user.id] = []
    await _follow_state(desk, user)
    await _record(desk, Action.SCIM_USER_CREATE, user)
    return user


async def update(desk: Desk, user: ScimUser, resource: ScimResource[Any]) -> None:
    """Take over the new state of a user.

    Raises:
        UniquenessException: the new name or subject is another's.
    """
    before = _said(desk, user)
    write_user(user, resource)
    after = _said(desk, user)
    if after[0] != before[0]:
        await _refuse_twin(desk, user)
    user.version, user.modified = user.version + 1, desk.work.now
    if after[1] != before[1] and await needs_link(desk, user):
        await _repoint(desk, user)
    elif after[2] != before[2]:
        await refresh_profile(desk.session, user)
    desk.session.add(user)
    if after[1:] != before[1:]:
        await _follow_state(desk, user)
    await _record(desk, Action.SCIM_USER_UPDATE, user)


async def remove(desk: Desk, user: ScimUser) -> None:
    """Let a user go: the person's access ends, and what SCIM gave them too."""
    await keep_out(desk, user.person_id, REMOVED)
    await desk.session.exec(delete(ScimMember).where(col(ScimMember.user_id) == user.id))
    await desk.session.delete(user)
    await desk.session.flush()
    await settle_rights(desk, [user.person_id])
    await _record(desk, Action.SCIM_USER_REMOVE, user)


def _said(desk: Desk, user: ScimUser) -> tuple[object, ...]:
    """Return what more than the row follows: name, subject, how the person is called, and whether out."""
    return user.user_key, subject_of(desk.credential, user), person_name(user), user.active is False


async def _repoint(desk: Desk, user: ScimUser) -> None:
    before = user.person_id
    user.person_id = await link(desk, user)
    desk.session.add(user)
    await desk.session.flush()
    await keep_out(desk, before, REPOINTED)
    await settle_rights(desk, [before, user.person_id])


async def _follow_state(desk: Desk, user: ScimUser) -> None:
    if user.active is False:
        await keep_out(desk, user.person_id, DEACTIVATED)
    else:
        await let_in(desk, user.person_id)


async def _refuse_twin(desk: Desk, user: ScimUser) -> None:
    same = select(ScimUser.id).where(
        col(ScimUser.issuer) == desk.issuer,
        col(ScimUser.user_key) == user.user_key,
        col(ScimUser.id) != user.id,
    )
    with desk.session.no_autoflush:
        if (await desk.session.exec(same)).first() is not None:
            raise UniquenessException(detail="This userName is taken.")


async def _record(desk: Desk, action: Action, user: ScimUser) -> None:
    said = {"user_name": user.user_name, "external_id": user.external_id, "active": user.active is not False}
    await desk.work.record(
        action,
        resource=Resource("person", user.person_id),
        parts=[Part(name="scim_user", subject=user.person_id, content=said)],
    )
