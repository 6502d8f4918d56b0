"""Names a deputy, accepts to be one, and ends it: what a deputy may is decided where changes are answered.

It counts once the deputy has accepted: else somebody could keep a reviewer from answering by naming them.
"""

from typing import Final
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from uuid_utils.compat import uuid7

from audit.event import Part
from audit.events import Action
from console.changes.rows import delegation_row
from console.changes.seen import nothing
from console.deputies.forms import DelegationCreate
from console.errors import ConflictError, InvalidInputError
from console.finding import find_person
from console.questions import Resource
from console.work import UnitOfWork
from policy.grants import MICROSECONDS_A_DAY
from policy.models import Delegation
from policy.permissions import Permission
from sso.links import accounts_of
from sso.models import Person, PersonKind, PersonState

YOURSELF: Final = "You cannot be your own deputy, by no account."
NOBODY: Final = "A deputy is a person who may sign in."


async def name_deputy(work: UnitOfWork, form: DelegationCreate) -> Delegation:
    """Let somebody answer in the caller's stead from now on, once they accept; or say that one is away.

    Raises:
        RefusedError: the caller is no person.
        InvalidInputError: there is no such active person, or it is the caller.
    """
    await work.authorize(Permission.DELEGATION_CREATE, _of(None, work.principal.id))
    async with work.read() as session:
        deputy = await _deputy(session, work.principal.id, form.deputy) if form.deputy else None
    row = Delegation(
        id=uuid7(),
        person_id=work.principal.id,
        deputy_id=deputy,
        away=form.away,
        starts=work.now,
        ends=work.now + form.days * MICROSECONDS_A_DAY,
        created=work.now,
    )
    async with work.write() as session:
        session.add(row)
        await session.flush()
        await work.record(
            Action.DELEGATION_CREATE,
            resource=Resource("delegation", row.id),
            rows=[delegation_row(row, work.now)],
            parts=[Part(name="reason", subject=row.person_id, content={"reason": form.reason})],
        )
    return row


async def accept_delegation(work: UnitOfWork, delegation_id: UUID) -> None:
    """Accept to be somebody's deputy: it counts from now on.

    Raises:
        NotFoundError: none that names the caller.
        ConflictError: it is accepted, or over.
    """
    found = await _find(work, delegation_id)
    resource = _of(found.id, found.deputy_id)
    await work.authorize(Permission.DELEGATION_ACCEPT, resource)
    async with work.write() as session:
        row = await session.get_one(Delegation, delegation_id, with_for_update=True)
        if row.accepted is not None or row.ends <= work.now:
            raise ConflictError("It has been accepted, or is over.", ("delegation_closed",))
        row.accepted = work.now
        session.add(row)
        rows = [delegation_row(row, work.now)]
        await work.record(Action.DELEGATION_ACCEPT, resource=Resource("delegation", row.id), rows=rows)


async def end_delegation(work: UnitOfWork, delegation_id: UUID) -> None:
    """End a delegation at once, by whoever named the deputy, or by the deputy.

    Raises:
        NotFoundError: none of the caller's.
    """
    found = await _find(work, delegation_id)
    await work.authorize(Permission.DELEGATION_END, _of(found.id, work.principal.id))
    async with work.write() as session:
        row = await session.get_one(Delegation, delegation_id, with_for_update=True)
        await drop(work, session, row)


async def drop(work: UnitOfWork, session: AsyncSession, row: Delegation, *reasons: str) -> None:
    """Take a delegation away and record it, in the open transaction."""
    await session.delete(row)
    await work.record(
        Action.DELEGATION_END,
        resource=Resource("delegation", row.id),
        rows=[delegation_row(row, work.now, gone=True)],
        reasons=reasons,
    )


async def _find(work: UnitOfWork, delegation_id: UUID) -> Delegation:
    """Return a delegation that the caller is a part of; of another's nobody hears."""
    query = select(Delegation).where(col(Delegation.id) == delegation_id)
    async with work.read() as session:
        found = (await session.exec(query)).first()
    if found is None or work.principal.id not in {found.person_id, found.deputy_id}:
        raise nothing()
    return found


async def _deputy(session: AsyncSession, me: UUID, typed: str) -> UUID:
    deputy = await find_person(session, typed, "deputy")
    person = await session.get_one(Person, deputy)
    if deputy in await accounts_of(session, [me]):
        raise InvalidInputError(YOURSELF, ("own_deputy",), {"deputy": YOURSELF})
    if person.kind is not PersonKind.PERSON or person.state is not PersonState.ACTIVE:
        raise InvalidInputError(NOBODY, ("no_deputy",), {"deputy": NOBODY})
    return deputy


def _of(found: UUID | None, person: UUID | None) -> Resource:
    return Resource("delegation", found, {"person": str(person)})
