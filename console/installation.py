"""Makes the databases ready and stamps them with the profile; a start under the other profile is refused."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final
from uuid import UUID

from sqlalchemy import inspect
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import select

from audit.database import create_keys_engine, create_log_engine
from audit.head import Head
from audit.reader import LogReader
from audit.subjects.key_move import move_keys
from console.database import create_main_engine
from console.errors import SettingsError
from console.migrate import Tree, is_current, upgrade
from console.models import Installation
from console.services import Services
from console.settings import Settings
from sso.principal import system_principal

NO_KEYS: Final = (
    "This installation's log has entries, but its store of subject keys is empty: check database.keys_url, "
    "or put keys/subject.db back from its backup. If it is lost for good, `guildhall keys begin` starts a "
    "new one; no detail that was sealed before can then be read again."
)


async def migrate_all(settings: Settings) -> None:
    """Bring every database to the newest revision; subject keys move out of the main one on the way."""
    async with _engines(settings) as engines:
        await upgrade(engines["keys"], "keys")
        await upgrade(engines["log"], "log")
        main = engines["main"]
        await move_keys(main, engines["keys"], await _installation_id(main))
        await upgrade(main, "main")


async def check_current(settings: Settings) -> bool:
    """Say whether every database is at the newest revision."""
    async with _engines(settings) as engines:
        return all([await is_current(engine, tree) for tree, engine in engines.items()])


async def _installation_id(main: AsyncEngine) -> UUID | None:
    async with main.connect() as connection:
        stamped = await connection.run_sync(lambda sync: inspect(sync).has_table("installation"))
        return await connection.scalar(select(Installation.installation_id)) if stamped else None


@asynccontextmanager
async def _engines(settings: Settings) -> AsyncIterator[dict[Tree, AsyncEngine]]:
    for folder in (settings.data, settings.data / "keys"):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    engines: dict[Tree, AsyncEngine] = {
        "main": create_main_engine(settings.main_url),
        "log": create_log_engine(settings.log_url),
        "keys": create_keys_engine(settings.keys_url),
    }
    try:
        yield engines
    finally:
        for engine in engines.values():
            await engine.dispose()


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
    await _own_keys(services, found)
    return found


async def _own_keys(services: Services, installation: Installation) -> None:
    keys, own = services.keys, installation.installation_id
    if await keys.owner() is None:
        if await services.log.size():
            raise SettingsError(NO_KEYS)
        await keys.claim(own)
    if await keys.owner() != own:
        raise SettingsError("Setting database.keys_url names the key store of another installation.")
    # A gateway may only read keys: these it needs to start, and to record its calls.
    await keys.ensure([None, system_principal("start").id])


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
    return found


async def _profile_of_log(services: Services) -> str | None:
    """Return the profile that the log's first entry names for ever; None before the log began."""
    return next(iter(await first_flags(services.log, "profile:")), None)


async def first_flags(log: LogReader, kind: str) -> list[str]:
    """Return the flags of one kind, such as `vkey:`, of the log's first entry, without the kind."""
    first = await log.entries(range(1))
    flags = Head.parse(first[0].head).flags if first else ()
    return [flag.removeprefix(kind) for flag in flags if flag.startswith(kind)]
