"""The sync as people see it: how it stands, the newest run, and what it would do or did."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from pydantic import BaseModel, ConfigDict
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from audit.event import Part
from audit.events import Action
from audit.head import format_time
from console.clock import MICROSECONDS
from console.directory.keeping import ask_run
from console.directory.told import Told, read_told
from console.errors import ConflictError, NotFoundError
from console.people.sections import Section, sections_for
from console.questions import Resource
from console.work import UnitOfWork
from policy.permissions import Permission
from sso.directory_settings import DirectorySettings
from sso.models import DirectoryCursor, DirectoryRun, Profile, RunState, Team

NONE = "No directory is configured: set the section `directory`, see the how-to on connecting Keycloak."
OVER = "This sync does not wait for anybody any more. Look again."


class SyncAsk(BaseModel):
    """Asks for a sync; a dry run only shows what one would do."""

    model_config = ConfigDict(extra="forbid")

    dry_run: bool = False


class RunRead(BaseModel):
    """One sync of everything. `plan` is what it would do, or did; times are RFC 3339."""

    id: UUID
    state: str
    dry_run: bool
    created: str
    seconds: float | None
    people: int
    groups: int
    memberships: int
    reason: str | None
    plan: Told


class DirectoryRead(BaseModel):
    """How the sync with the directory stands; `lag_seconds` is since the last look at its events."""

    issuer: str
    server: str
    lag_seconds: int | None
    full_sync: str | None
    error: str | None
    runs: list[RunRead]


@dataclass(frozen=True, slots=True)
class DirectoryPage:
    """What the page shows; `names` are handles and team names by id, as far as they are known."""

    directory: DirectoryRead | None
    newest: RunRead | None
    names: dict[str, str]
    may_sync: bool
    busy: bool
    waiting: bool
    sections: Sequence[Section]


async def read_directory(work: UnitOfWork) -> DirectoryRead:
    """Return how the sync stands.

    Raises:
        RefusedError: the principal may not see it.
        NotFoundError: none is configured.
    """
    await work.authorize(Permission.DIRECTORY_READ, Resource("directory"))
    settings = _configured(work)
    async with work.read() as session:
        cursor = await session.get(DirectoryCursor, settings.known_as)
        newest = select(DirectoryRun).where(DirectoryRun.issuer == settings.known_as)
        runs = (await session.exec(newest.order_by(col(DirectoryRun.created).desc()).limit(10))).all()
    polled = cursor.polled if cursor else 0
    return DirectoryRead(
        issuer=settings.known_as,
        server=settings.server_url,
        lag_seconds=max(0, work.now - polled) // MICROSECONDS if polled else None,
        full_sync=format_time(cursor.full) if cursor and cursor.full else None,
        error=cursor.error if cursor else None,
        runs=[run_read(run) for run in runs],
    )


async def open_directory_page(work: UnitOfWork) -> DirectoryPage:
    """Return the page.

    Raises:
        RefusedError: the principal may not see it.
    """
    try:
        found = await read_directory(work)
    except NotFoundError:
        return DirectoryPage(
            None, None, {}, may_sync=False, busy=False, waiting=False, sections=await sections_for(work)
        )
    newest = found.runs[0] if found.runs else None
    state = newest.state if newest else ""
    async with work.read() as session:
        names = await _names(session, newest.plan) if newest else {}
    if newest is not None and newest.plan.people:
        await _record_names(work)
    return DirectoryPage(
        directory=found,
        newest=newest,
        names=names,
        may_sync=await work.allowed(Permission.DIRECTORY_SYNC, Resource("directory")),
        busy=state in {RunState.ASKED, RunState.RUNNING, RunState.CONFIRMED},
        waiting=state == RunState.WAITING,
        sections=await sections_for(work),
    )


async def _record_names(work: UnitOfWork) -> None:
    async with work.write():
        await work.record(Action.DIRECTORY_READ, resource=Resource("directory"))


async def ask_sync(work: UnitOfWork, wanted: SyncAsk) -> RunRead:
    """Ask the worker for a sync; it begins within seconds.

    Raises:
        RefusedError: the principal may not.
        NotFoundError: no directory is configured.
    """
    await work.authorize(Permission.DIRECTORY_SYNC, Resource("directory"))
    settings = _configured(work)
    async with work.write() as session:
        given = {"dry": wanted.dry_run, "asked_by": work.principal.id}
        run = await ask_run(session, settings, work.now, **given)
        await work.record(
            Action.DIRECTORY_SYNC, resource=Resource("directory", run.id), parts=[_part(run, read_told(None))]
        )
    return run_read(run)


async def confirm_sync(work: UnitOfWork, run_id: UUID) -> RunRead:
    """Let a sync that waits take what it takes.

    Raises:
        RefusedError: the principal may not.
        ConflictError: it does not wait any more.
    """
    return await _answer(work, run_id, RunState.CONFIRMED, Action.DIRECTORY_CONFIRM)


async def drop_sync(work: UnitOfWork, run_id: UUID) -> RunRead:
    """Drop a sync that waits; nothing of it is done.

    Raises:
        RefusedError: the principal may not.
        ConflictError: it does not wait any more.
    """
    return await _answer(work, run_id, RunState.DROPPED, Action.DIRECTORY_SYNC)


async def _answer(work: UnitOfWork, run_id: UUID, state: RunState, action: Action) -> RunRead:
    await work.authorize(Permission.DIRECTORY_SYNC, Resource("directory"))
    async with work.write() as session:
        run = await session.get(DirectoryRun, run_id, with_for_update=True)
        if run is None or run.state is not RunState.WAITING:
            raise ConflictError(OVER, ("not_waiting",))
        run.state, run.confirmed_by = state, work.principal.id
        session.add(run)
        told = read_told(run.plan)
        await work.record(action, resource=Resource("directory", run.id), parts=[_part(run, told)])
    return run_read(run)


def run_read(run: DirectoryRun) -> RunRead:
    """Return a run as admins and auditors see it."""
    begun, ended = run.started, run.finished
    return RunRead(
        id=run.id,
        state=run.state.value,
        dry_run=run.dry,
        created=format_time(run.created),
        seconds=round((ended - begun) / MICROSECONDS, 1) if begun and ended else None,
        people=run.people,
        groups=run.groups,
        memberships=run.memberships,
        reason=run.reason,
        plan=read_told(run.plan),
    )


def _configured(work: UnitOfWork) -> DirectorySettings:
    found = work.services.settings.directory
    if found is None:
        raise NotFoundError(NONE, ("no_directory",))
    return found


def _part(run: DirectoryRun, told: Told) -> Part:
    content = {
        "run": str(run.id),
        "issuer": run.issuer,
        "state": run.state.value,
        "dry": run.dry,
        **told.model_dump(include={"added", "changed", "ended", "returned", "taking"}),
    }
    return Part(name="sync", subject=None, content=content)


async def _names(session: AsyncSession, plan: Told) -> dict[str, str]:
    people = [UUID(one.person) for one in plan.people]
    teams = [UUID(one.team) for one in plan.rights if one.team]
    handles = select(Profile.person_id, Profile.handle).where(col(Profile.person_id).in_(people))
    names = select(Team.id, Team.name).where(col(Team.id).in_(teams))
    found = [*(await session.exec(handles)).all(), *(await session.exec(names)).all()]
    return {str(one): name for one, name in found}
