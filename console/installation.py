"""Makes the databases ready and stamps them with the profile; a start under the other profile is refused."""

from sqlmodel import select

from audit.database import create_log_engine
from audit.subject_keys import ensure_key
from console.database import Database
from console.errors import SettingsError
from console.migrate import is_current, upgrade
from console.models import Installation
from console.services import Services
from console.settings import Settings


async def migrate_all(settings: Settings) -> None:
    """Bring both databases to the newest revision."""
    settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    database, log_engine = Database(settings.main_url), create_log_engine(settings.log_url)
    try:
        await upgrade(database.engine, "main")
        await upgrade(log_engine, "log")
    finally:
        await database.close()
        await log_engine.dispose()


async def check_current(settings: Settings) -> bool:
    """Say whether both databases are at the newest revision."""
    database, log_engine = Database(settings.main_url), create_log_engine(settings.log_url)
    try:
        return await is_current(database.engine, "main") and await is_current(log_engine, "log")
    finally:
        await database.close()
        await log_engine.dispose()


async def stamp(services: Services) -> Installation:
    """Return the installation's one row, written at the first start.

    Raises:
        SettingsError: the database belongs to the other profile, or to another log.
    """
    settings = services.settings
    async with services.database.write() as session:
        found = (await session.exec(select(Installation))).first()
        if found is None:
            found = Installation(
                profile=settings.profile.value, origin=settings.audit.origin, created=services.clock()
            )
            session.add(found)
        await ensure_key(session, None, services.kek, services.clock())
    if found.profile != settings.profile.value:
        raise SettingsError(f"Setting profile: this database was made under the profile {found.profile}.")
    if found.origin != settings.audit.origin:
        raise SettingsError(f"Setting audit.origin: this database belongs to the log {found.origin}.")
    return found
