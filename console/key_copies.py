"""Copies of the key store, made and taken back on the host: what `guildhall keys` does."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from sqlmodel import select

from audit.subjects.key_backup import prune_backups, restore_backup, write_backup
from console.clock import system_clock
from console.errors import SettingsError
from console.installation import require_current
from console.models import Installation
from console.services import Services, build
from console.settings import Settings


async def copy_keys(settings: Settings, folder: Path | None = None) -> Path:
    """Copy the key store into `folder`, or into `keys/backups` of the data folder; return the file."""
    async with _opened(settings) as services:
        return await write_backup(services.keys, folder or copies_of(settings), services.clock())


async def take_back(settings: Settings, path: Path) -> int:
    """Put the keys of a copy into the store; return how many it holds.

    Raises:
        KeyBackupError: it is no copy, too old, or another installation's.
    """
    async with _opened(settings) as services:
        return await restore_backup(services.keys, path, services.clock())


def prune_copies(settings: Settings) -> list[Path]:
    """Delete copies that are older than thirty days; return them."""
    return prune_backups(copies_of(settings), system_clock())


async def begin_anew(settings: Settings) -> None:
    """Make an empty key store this installation's, though its log has entries.

    Raises:
        SettingsError: there is no installation yet, or the store has an owner.
    """
    async with _opened(settings) as services:
        async with services.database.read() as session:
            installation = (await session.exec(select(Installation))).first()
        if installation is None or await services.keys.owner() is not None:
            raise SettingsError("Only an empty key store of an installation that has started can begin anew.")
        await services.keys.claim(installation.installation_id)


def copies_of(settings: Settings) -> Path:
    """Return the folder in which copies lie unless another is named."""
    return settings.data / "keys" / "backups"


@asynccontextmanager
async def _opened(settings: Settings) -> AsyncIterator[Services]:
    await require_current(settings)
    services = build(settings)
    try:
        yield services
    finally:
        await services.close()
