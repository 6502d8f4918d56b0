"""Makes the databases ready and stamps them with the profile; a start under the other profile is refused."""

from sqlalchemy.exc import IntegrityError
from sqlmodel import select

from audit.database import create_log_engine
from audit.head import Head
from audit.reader import LogReader
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
    settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    database, log_engine = Database(settings.main_url), create_log_engine(settings.log_url)
    try:
        return await is_current(database.engine, "main") and await is_current(log_engine, "log")
    finally:
        await database.close()
        await log_engine.dispose()


async def require_current(settings: Settings) -> None:
    """Return when both databases are at the newest revision.

    Raises:
        SettingsError: one is behind, or empty.
    """
    if not await check_current(settings):
        raise SettingsError("A database is not at the newest revision: run `guildhall db upgrade` first.")


async def stamp(services: Services) -> Installation:
    """Return the installation's one row, written at the first start.

    Raises:
        SettingsError: database or log belong to the other profile, or to another log.
    """
    settings = services.settings
    # The log first: records that are new here must not be stamped with what it refuses.
    _require_same("profile", settings.profile.value, await _profile_of_log(services))
    try:
        found = await _stamped(services)
    except IntegrityError:  # another process started first, at this moment
        found = await _stamped(services)
    _require_same("profile", settings.profile.value, found.profile)
    _require_same("audit.origin", settings.audit.origin, found.origin)
    return found


def _require_same(setting: str, given: str, stamped: str | None) -> None:
    if stamped not in (None, given):
        raise SettingsError(f"Setting {setting} is {given}, but this installation was made with {stamped}.")


async def _stamped(services: Services) -> Installation:
    settings = services.settings
    async with services.database.write() as session:
        found = (await session.exec(select(Installation))).first()
        if found is None:
            found = Installation(
                profile=settings.profile.value, origin=settings.audit.origin, created=services.clock()
            )
            session.add(found)
        await ensure_key(session, None, services.kek, services.clock())
    return found


async def _profile_of_log(services: Services) -> str | None:
    """Return the profile that the log's first entry names for ever; None before the log began."""
    return next(iter(await first_flags(services.log, "profile:")), None)


async def first_flags(log: LogReader, kind: str) -> list[str]:
    """Return the flags of one kind, such as `vkey:`, of the log's first entry, without the kind."""
    first = await log.entries(range(1))
    flags = Head.parse(first[0].head).flags if first else ()
    return [flag.removeprefix(kind) for flag in flags if flag.startswith(kind)]
