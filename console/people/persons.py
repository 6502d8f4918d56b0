"""Keeps a person out, or lets them in again: an admin's own decision, which counts at once."""

from uuid import UUID

from console.changes.seen import nothing
from console.errors import ConflictError
from console.first_days import first_days_flags
from console.people.forms import StateChange
from console.people.holdings import is_last_admin
from console.people.leaving import disable_person, enable_person
from console.people.roles import LAST_ADMIN
from console.questions import Resource
from console.work import UnitOfWork
from policy.permissions import Permission
from sso.models import Person, Profile

BY_HAND = "disabled_by_hand"
RIGHTS = {"disabled": Permission.PERSON_DISABLE, "active": Permission.PERSON_ENABLE}


async def change_state(work: UnitOfWork, person_id: UUID, form: StateChange) -> None:
    """Disable a person, which ends all their access, or enable them, which brings nothing of it back.

    Raises:
        RefusedError: the caller does not manage people.
        NotFoundError: no such person, or one whose name was erased.
        ConflictError: it is so already, or nobody would be admin any more.
    """
    right = RIGHTS[form.state]
    await work.authorize(right, Resource("person", person_id))
    async with work.write() as session:
        if await session.get(Person, person_id) is None or await session.get(Profile, person_id) is None:
            raise nothing()
        if right is Permission.PERSON_DISABLE and await is_last_admin(session, person_id):
            raise ConflictError(LAST_ADMIN, ("last_admin",))
        act = disable_person if right is Permission.PERSON_DISABLE else enable_person
        if not await act(work, session, person_id, BY_HAND, await first_days_flags(work, session)):
            raise ConflictError("It is so already.", ("nothing_to_change",))
