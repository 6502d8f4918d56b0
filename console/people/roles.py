"""Roles on the platform by hand: giving one takes two people, taking one counts at once."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession
from uuid_utils.compat import uuid7

from audit.events import Action
from console.changes.carrying import Because, Carried, do_or_ask, executing
from console.changes.forms import Consequence
from console.changes.kinds import Content, Kind, Objection, Subject, register
from console.changes.seen import nothing
from console.errors import ConflictError
from console.finding import find_person
from console.first_days import first_days_flags
from console.people.forms import RoleCreate
from console.people.heading import ANSWER_HINT, AREA, LABELS
from console.people.holdings import is_last_admin, shown_person
from console.people.scopes import check_scope
from console.questions import Resource
from console.rows import role_row
from console.services import Services
from console.work import UnitOfWork
from policy.models import ChangeKind
from policy.permissions import Permission
from sso.models import Person, PersonState, PlatformRole, RoleAssignment, Source
from sso.scopes import read_scope, write_scope

KEPT: Final = "A directory or a mapping rule keeps this role; it would be back. Change it there."
LAST_ADMIN: Final = "Nobody else could look after this installation. Make somebody else an admin first."
MEANINGS: Final = {
    PlatformRole.ADMIN: "They look after people, rules and clusters, and are no auditor any more.",
    PlatformRole.AUDITOR: "They read and prove the log; not while they are an admin.",
    PlatformRole.REVIEWER: "They answer access requests and changes, and read what is under review.",
}


async def assign_role(work: UnitOfWork, form: RoleCreate) -> Carried:
    """Give somebody a role by hand, or ask for it.

    Raises:
        RefusedError: the caller does not manage people.
        InvalidInputError: there is no such person, or the scope cannot be read.
        ConflictError: they hold it by hand already, are disabled, or the same is pending.
    """
    await work.authorize(Permission.ROLE_ASSIGN, Resource("role_assignment"))
    check_scope(form.scope)
    async with work.read() as session:
        person = await find_person(session, form.person, "person")
    assignment = uuid7()
    content = {
        "person": str(person),
        "role": form.role.value,
        "scope": write_scope(read_scope(form.scope)),
        "assignment": str(assignment),
    }
    subject = Subject("role_assignment", assignment, content)
    return await do_or_ask(work, ChangeKind.ROLE, subject, form.reason, _assign)


async def remove_role(work: UnitOfWork, assignment_id: UUID) -> UUID:
    """Take a role that was given by hand, and return whose it was; it counts at once.

    Raises:
        RefusedError: the caller does not manage people.
        NotFoundError: no such role.
        ConflictError: a directory or a rule keeps it, or nobody would be admin any more.
    """
    await work.authorize(Permission.ROLE_REMOVE, Resource("role_assignment", assignment_id))
    async with work.write() as session:
        row = await session.get(RoleAssignment, assignment_id)
        if row is None:
            raise nothing()
        if row.managed_by is not Source.MANUAL:
            raise ConflictError(KEPT, ("kept_by_source",))
        if await is_last_admin(session, row.person_id, besides=row.id):
            raise ConflictError(LAST_ADMIN, ("last_admin",))
        await session.delete(row)
        await work.record(
            Action.ROLE_REMOVE,
            resource=Resource("person", row.person_id),
            rows=[role_row(row, work.now, gone=True)],
            flags=await first_days_flags(work, session),
        )
    return row.person_id


async def _check(_services: Services, session: AsyncSession, content: Content) -> Objection | None:
    person = await session.get(Person, UUID(content["person"]))
    if person is None or person.state is not PersonState.ACTIVE:
        return Objection("person_disabled", "This person is disabled; let them in first.")
    same = {"person_id": person.id, "role": PlatformRole(content["role"]), "managed_by": Source.MANUAL}
    if (await session.exec(select(RoleAssignment).filter_by(**same))).first():
        return Objection("already_held", "They hold this role by hand already; take it first.")
    return None


async def _does(_services: Services, session: AsyncSession, content: Content) -> Sequence[Consequence]:
    return [
        Consequence(label="Who", text=await shown_person(session, UUID(content["person"]))),
        Consequence(label="At once", text=MEANINGS[PlatformRole(content["role"])]),
    ]


async def _assign(work: UnitOfWork, session: AsyncSession, content: Content, because: Because) -> None:
    row = RoleAssignment(
        id=UUID(content["assignment"]),
        person_id=UUID(content["person"]),
        role=PlatformRole(content["role"]),
        scope=content["scope"],
        managed_by=Source.MANUAL,
    )
    session.add(row)
    await session.flush()
    await work.record(
        Action.ROLE_ASSIGN,
        resource=Resource("person", row.person_id),
        request=because.request,
        rows=[role_row(row, work.now)],
        flags=because.flags,
    )


KINDS: Final[tuple[Kind, ...]] = (
    Kind(
        ChangeKind.ROLE,
        lambda content: f"Give somebody the role {content['role']}",
        _check,
        _does,
        executing(_assign),
        lambda content: frozenset({UUID(content["person"])}),
        area=AREA,
        labels=LABELS,
        answer_hint=ANSWER_HINT,
    ),
)
register(*KINDS)
