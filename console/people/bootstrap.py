"""The first admin: made on the host, once, and recorded."""

import sqlalchemy as sa
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from audit.event import Part
from audit.events import Action
from audit.models import RowVersion, entry
from audit.reader import LogReader
from console.errors import ConflictError, SettingsError
from console.installation import require_current, stamp
from console.models import Installation
from console.questions import Origin, Resource
from console.rows import identity_row, person_row, role_row
from console.services import Services, build
from console.settings import Settings
from console.work import UnitOfWork
from sso.directory import bootstrap
from sso.models import PlatformRole, RoleAssignment
from sso.principal import system_principal

REFUSED = "There has been an admin here; after that only people with the right give roles."
UNKNOWN_ISSUER = "Setting sign_in.issuers does not name {issuer}, so nobody could sign in by it."


async def bootstrap_admin(settings: Settings, issuer: str, subject: str) -> str:
    """Make (issuer, subject) the first admin and return the handle.

    Raises:
        SettingsError: the databases are not ready, or the issuer is not configured.
        ConflictError: somebody was admin before.
    """
    await require_current(settings)
    services = build(settings)
    try:
        if issuer not in services.sign_in.issuers:
            raise SettingsError(UNKNOWN_ISSUER.format(issuer=issuer))
        await stamp(services)
        return await _bootstrapped(services, issuer, subject)
    finally:
        await services.close()


async def _bootstrapped(services: Services, issuer: str, subject: str) -> str:
    work = UnitOfWork(services, system_principal("bootstrap"), Origin("cli"))
    logged = await _is_in_log(services.log)
    async with work.write() as session:
        # Whoever else bootstraps at this moment waits here, and then finds the first admin.
        await session.exec(select(Installation).with_for_update())
        if logged or await _had_admin(session):
            raise ConflictError(REFUSED, ("already_bootstrapped",))
        made = await bootstrap(session, issuer, subject, work.now)
        rows = [
            person_row(made.person, work.now),
            identity_row(made.identity, work.now, work.services.identity_key),
        ]
        rows += [role_row(row, work.now) for row in made.added if isinstance(row, RoleAssignment)]
        content = {"issuer": issuer, "subject": subject}
        part = Part(name="identity", subject=made.person.id, content=content)
        target = Resource("person", made.person.id)
        await work.record(Action.ADMIN_BOOTSTRAP, resource=target, rows=rows, parts=[part])
    return made.profile.handle


async def _had_admin(session: AsyncSession) -> bool:
    """Say whether anybody is or ever was admin: history keeps roles that were taken away."""
    now = select(RoleAssignment.id).where(RoleAssignment.role == PlatformRole.ADMIN)
    past = select(RowVersion.sequence).where(
        col(RowVersion.kind) == "role_assignment", col(RowVersion.row).contains('"role":"admin"')
    )
    return any([(await session.exec(query.limit(1))).first() is not None for query in (now, past)])


async def _is_in_log(log: LogReader) -> bool:
    """Say whether the log holds a bootstrap: it outlives a database that was emptied or restored."""
    found = sa.select(entry.c.index).where(entry.c.action == Action.ADMIN_BOOTSTRAP.value).limit(1)
    async with log.engine.connect() as connection:
        return (await connection.execute(found)).first() is not None
