"""Where the sync stands, kept in rows no decision reads: the log tells of every run by itself."""

from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from console.clock import MICROSECONDS
from console.questions import Origin
from console.services import Services
from console.work import UnitOfWork
from sso.directory_settings import DirectorySettings
from sso.models import DirectoryCursor, DirectoryRun, RunState
from sso.principal import system_principal

OPEN: Final = (RunState.ASKED, RunState.CONFIRMED)


def directory_work(services: Services) -> UnitOfWork:
    """Return a unit of work of the sync itself."""
    return UnitOfWork(services, system_principal("directory"), Origin("worker"))


async def find_cursor(session: AsyncSession, issuer: str) -> DirectoryCursor:
    """Return how far the issuer's directory was read; a new cursor where it never was."""
    return await session.get(DirectoryCursor, issuer) or DirectoryCursor(issuer=issuer)


async def keep_cursor(services: Services, issuer: str, **values: Any) -> None:  # noqa: ANN401 - columns
    """Keep how far the issuer's directory was read, or what stops it."""
    async with services.database.write() as session:
        cursor = await find_cursor(session, issuer)
        for name, value in values.items():
            setattr(cursor, name, value)
        session.add(cursor)


async def keep_run(services: Services, run: UUID, **values: Any) -> None:  # noqa: ANN401 - columns
    """Keep where a run stands."""
    async with services.database.write() as session:
        await session.exec(sa.update(DirectoryRun).where(col(DirectoryRun.id) == run).values(**values))


async def drop_unfinished(services: Services) -> None:
    """Drop what a worker that ended had begun."""
    ended = {"finished": services.clock(), "reason": "The worker ended meanwhile."}
    async with services.database.write() as session:
        begun = sa.update(DirectoryRun).where(col(DirectoryRun.state) == RunState.RUNNING)
        await session.exec(begun.values(state=RunState.FAILED, **ended))


async def next_run(services: Services, settings: DirectorySettings) -> DirectoryRun | None:
    """Return the run that is to be done now: what somebody asked for, or what is due by the clock."""
    now, issuer = services.clock(), settings.known_as
    async with services.database.read() as session:
        asked = select(DirectoryRun).where(col(DirectoryRun.state).in_(OPEN), DirectoryRun.issuer == issuer)
        found = (await session.exec(asked.order_by(col(DirectoryRun.created).desc()))).first()
        cursor = await session.get(DirectoryCursor, issuer)
    every = settings.full_sync_minutes * 60 * MICROSECONDS
    if found is not None or (cursor is not None and now < cursor.full + every):
        return found
    async with services.database.write() as session:
        return await ask_run(session, settings, now)


async def ask_run(session: AsyncSession, settings: DirectorySettings, now: int, **given: Any) -> DirectoryRun:  # noqa: ANN401 - columns
    """Put a run on the list, in place of older ones that never ended."""
    open_ones = col(DirectoryRun.state).in_((*OPEN, RunState.WAITING))
    dropped = sa.update(DirectoryRun).where(open_ones)
    await session.exec(dropped.values(state=RunState.DROPPED, finished=now))
    run = DirectoryRun(issuer=settings.known_as, state=RunState.ASKED, created=now, **given)
    session.add(run)
    await session.flush()
    return run
