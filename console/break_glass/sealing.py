"""Seals a credential for one of two people, on the host, before anything has happened."""

from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from audit.events import Action
from console.break_glass.allowed import FLAG
from console.break_glass.refusing import host_work, refuse
from console.break_glass.rows import sealed_row
from console.errors import ConflictError, NotFoundError
from console.questions import Resource
from console.services import Services
from console.work import Row
from sso.models import Person, PersonKind, PersonState, Profile, SealedCredential
from sso.sealed import digest_of, new_sealed_text

HOLDERS = 2
TWO_HOLD = "Two other people hold credentials already; take one of theirs away first."
NOBODY = "Nobody active here has this handle; a holder has to have signed in once."


async def seal(services: Services, handle: str) -> str:
    """Return a new credential for the person with this handle; whatever they held before is gone.

    Raises:
        RefusedError: break glass is off.
        NotFoundError: nobody active has this handle.
        ConflictError: two other people hold credentials.
    """
    if not services.settings.break_glass.enabled:
        raise await refuse(services, "break_glass_off")
    text, work = new_sealed_text(), host_work(services)
    async with work.write() as session:
        holder = await _holder(session, handle)
        rows = await _take_place(session, holder, work.now)
        made = SealedCredential(
            person_id=holder, digest=digest_of(text, services.identity_key), created=work.now
        )
        session.add(made)
        rows.append(sealed_row(made, work.now))
        await work.record(
            Action.BREAK_GLASS_SEAL, resource=Resource("person", holder), rows=rows, flags=[FLAG]
        )
    return text


async def held(session: AsyncSession) -> list[SealedCredential]:
    """Return the credentials that can open, locked until the transaction ends."""
    unspent = select(SealedCredential).where(col(SealedCredential.spent).is_(None))
    return list(await session.exec(unspent.order_by(col(SealedCredential.id)).with_for_update()))


async def _holder(session: AsyncSession, handle: str) -> UUID:
    found = (
        await session.exec(
            select(Person.id)
            .join(Profile, col(Profile.person_id) == col(Person.id))
            .where(
                Profile.handle == handle,
                Person.state == PersonState.ACTIVE,
                Person.kind == PersonKind.PERSON,
            )
        )
    ).first()
    if found is None:
        raise NotFoundError(NOBODY, ("not_found",))
    return found


async def _take_place(session: AsyncSession, holder: UUID, now: int) -> list[Row]:
    unspent = await held(session)
    if len({one.person_id for one in unspent} - {holder}) >= HOLDERS:
        raise ConflictError(TWO_HOLD, ("two_hold_credentials",))
    replaced = [one for one in unspent if one.person_id == holder]
    for one in replaced:
        await session.delete(one)
    await session.flush()
    return [sealed_row(one, now, gone=True) for one in replaced]
