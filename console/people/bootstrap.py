"""The first admin: made on the host, once, and recorded."""

from sqlmodel import col, select

from audit.event import Part
from audit.events import Action
from audit.models import RowVersion
from console.errors import ConflictError
from console.installation import stamp
from console.questions import Origin, Resource
from console.rows import identity_row, person_row, role_row
from console.services import build
from console.settings import Settings
from console.work import UnitOfWork
from sso.directory import bootstrap
from sso.models import PlatformRole, RoleAssignment
from sso.principal import system_principal

REFUSED = "There has been an admin here; after that only people with the right give roles."


async def bootstrap_admin(settings: Settings, issuer: str, subject: str) -> str:
    """Make (issuer, subject) the first admin and return the handle.

    Raises:
        ConflictError: somebody was admin before.
    """
    services = build(settings)
    try:
        await stamp(services)
        work = UnitOfWork(services, system_principal("bootstrap"), Origin("cli"))
        async with work.write() as session:
            admins = select(RoleAssignment).where(RoleAssignment.role == PlatformRole.ADMIN)
            past = select(RowVersion).where(
                col(RowVersion.kind) == "role_assignment", col(RowVersion.row).contains('"role":"admin"')
            )
            if (await session.exec(admins)).first() or (await session.exec(past)).first():
                raise ConflictError(REFUSED, ("already_bootstrapped",))
            made = await bootstrap(session, issuer, subject, work.now)
            rows = [person_row(made.person, work.now), identity_row(made.identity, work.now)]
            rows += [role_row(row, work.now) for row in made.added if isinstance(row, RoleAssignment)]
            content = {"issuer": issuer, "subject": subject}
            part = Part(name="identity", subject=made.person.id, content=content)
            target = Resource("person", made.person.id)
            await work.record(Action.ADMIN_BOOTSTRAP, resource=target, rows=rows, parts=[part])
        return made.profile.handle
    finally:
        await services.close()
