"""Acts under an open use: the holder's unit of work, decided in code and flagged; the repair of sign-in."""

from uuid import UUID

from sqlmodel import select

from audit.event import Part
from audit.events import Action
from console.break_glass.allowed import FLAG
from console.break_glass.credentials import require_holder
from console.break_glass.opening import open_uses
from console.break_glass.refusing import refuse
from console.break_glass.rows import use_row
from console.errors import InvalidInputError, NotFoundError
from console.people.leaving import forget_who_kept_out
from console.questions import Origin, Resource
from console.rows import identity_row, person_row, role_row
from console.services import Services
from console.sign_in.ending import record_ended
from console.work import UnitOfWork
from policy.permissions import Permission
from sso.directory import Admission, bootstrap
from sso.models import BreakGlass, PersonState, Profile, RoleAssignment
from sso.principal import SYSTEM_ISSUER, Authentication, Principal
from sso.sessions import revoke_all_of

UNKNOWN_ISSUER = "Setting sign_in.issuers does not name {issuer}, so nobody could sign in by it."


async def act_under(services: Services, text: str) -> tuple[UnitOfWork, UUID]:
    """Return the unit of work of whoever opened the use that is open now, and the use's id.

    Raises:
        RefusedError: it is not open, or was opened by somebody else; recorded.
    """
    credential = await require_holder(services, text)
    async with services.database.read() as session:
        use = (await session.exec(open_uses(services.clock()))).first()
        profile = (await session.exec(select(Profile).where(Profile.person_id == credential.person_id))).one()
    if use is None or use.credential_id != credential.id:
        raise await refuse(services, "break_glass_not_open", credential.person_id)
    proof = Authentication(method="break_glass", issuer=SYSTEM_ISSUER, subject=f"break-glass:{use.id}")
    holder = Principal(credential.person_id, "person", profile.handle, profile.name, proof)
    return UnitOfWork(services, holder, Origin("host")), use.id


async def repair_sign_in(work: UnitOfWork, use_id: UUID, issuer: str, subject: str) -> str:
    """Make one identity an admin by hand, active again if need be; return the handle. Once a use.

    Raises:
        InvalidInputError: nobody can sign in by this issuer.
        RefusedError: it was done under this use before; recorded.
    """
    if issuer not in work.services.sign_in.issuers:
        raise InvalidInputError(UNKNOWN_ISSUER.format(issuer=issuer), ("unknown_issuer",))
    await work.authorize(Permission.BREAK_GLASS_REPAIR, Resource("break_glass", use_id))
    async with work.write() as session:
        use = await session.get_one(BreakGlass, use_id, with_for_update=True)
        if use.admitted_id is None:
            made = await bootstrap(session, issuer, subject, work.now)
            made.person.state, use.admitted_id = PersonState.ACTIVE, made.person.id
            session.add_all((made.person, use))
            await forget_who_kept_out(session, made.person.id)
            await _record(work, use, made, {"issuer": issuer, "subject": subject})
            return made.profile.handle
    raise await refuse(work.services, "break_glass_repaired", work.principal.id)


async def sign_out_person(work: UnitOfWork, handle: str) -> int:
    """End every session of a person; return how many there were.

    Raises:
        NotFoundError: nobody has this handle.
    """
    async with work.read() as session:
        profile = (await session.exec(select(Profile).where(Profile.handle == handle))).first()
    if profile is None:
        raise NotFoundError("Nobody here has this handle.", ("not_found",))
    await work.authorize(Permission.SESSION_REVOKE, Resource("person", profile.person_id))
    async with work.write() as session:
        ended = len(await revoke_all_of(session, profile.person_id, work.now, FLAG))
        await record_ended(work, profile.person_id, FLAG, ended)
    return ended


async def _record(work: UnitOfWork, use: BreakGlass, made: Admission, identity: dict[str, str]) -> None:
    known = identity_row(made.identity, work.now, work.services.identity_key)
    rows = [use_row(use, work.now), person_row(made.person, work.now), *([known] if made.created else [])]
    rows += [role_row(row, work.now) for row in made.added if isinstance(row, RoleAssignment)]
    await work.record(
        Action.BREAK_GLASS_REPAIR,
        resource=Resource("person", made.person.id),
        rows=rows,
        parts=[Part(name="identity", subject=made.person.id, content=identity)],
        flags=[FLAG],
    )
