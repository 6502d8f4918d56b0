"""One sync of everything: read, compare, guard, apply, record. The worker alone runs it, one at a time."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from audit.event import Outcome, Part
from audit.events import Action
from console.directory.applying import Applied, apply_plan
from console.directory.guarding import guard
from console.directory.keeping import find_cursor, keep_run
from console.directory.looking import Meanwhile
from console.directory.told import Told, read_told, tell
from console.questions import Origin, Resource
from console.services import Services
from console.work import UnitOfWork
from sso.directory_settings import DirectorySettings
from sso.errors import DirectoryError, SignInError
from sso.keycloak.connection import RealmAdmin
from sso.keycloak.reading import read_everybody, read_some
from sso.models import DirectoryLeaver, DirectoryRun, Identity, MappingRule, RunState, Team
from sso.principal import system_principal
from sso.syncing.held import HeldPerson, held_people
from sso.syncing.plan import Plan, make_plan, missing
from sso.syncing.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Known:
    """What our tables say at the moment of comparing."""

    held: dict[str, HeldPerson]
    rules: Sequence[MappingRule]
    ended: frozenset[str]
    teams: dict[str, UUID]


def directory_work(services: Services) -> UnitOfWork:
    """Return a unit of work of the sync itself."""
    return UnitOfWork(services, system_principal("directory"), Origin("worker"))


async def run_full(
    services: Services,
    settings: DirectorySettings,
    admin: RealmAdmin,
    run: DirectoryRun,
    meanwhile: Meanwhile,
) -> DirectoryRun:
    """Carry `run` to its end, and record it; `meanwhile` looks at the events while everybody is read.

    Raises:
        DirectoryError: the directory cannot be read; recorded as failed.
        ConsoleError: a database does not answer, or a record could not be made.
    """
    confirmed = read_told(run.plan).taking if run.state is RunState.CONFIRMED else None
    await keep_run(services, run.id, state=RunState.RUNNING, started=services.clock())
    try:
        everybody = partial(read_everybody, admin, settings, *await _rules(services))
        snapshot = await meanwhile.read(everybody, partial(read_some, admin, settings))
        known = await read_known(services, settings, None)
        absent = missing(snapshot, known.held)
        plan = compare(settings, replace(snapshot, gone=absent), known)
        if (reason := guard(plan, settings, confirmed)) is not None or run.dry:
            state = RunState.WAITING if reason and not run.dry else RunState.DONE
            return await _finish(services, run.id, snapshot, plan, state, reason, Applied())
        if absent:
            # A page may have skipped somebody while the list moved: nobody is gone unless asked for by name.
            snapshot = merge(snapshot, await read_some(admin, settings, absent))
            plan = compare(settings, snapshot, known)
        applied = await apply_plan(directory_work(services), plan)
    except DirectoryError as error:
        await _fail(services, run.id, error)
        raise
    return await _finish(services, run.id, snapshot, plan, RunState.DONE, None, applied)


def compare(settings: DirectorySettings, snapshot: Snapshot, known: Known) -> Plan:
    """Return what brings our tables in line with `snapshot`.

    Raises:
        DirectoryError: the directory leaves groups out.
    """
    claims = frozenset({settings.groups_claim, settings.organizations_claim})
    try:
        return make_plan(
            snapshot,
            known.held,
            known.rules,
            known_claims=claims,
            ended=known.ended,
            teams=known.teams,
        )
    except SignInError as error:
        raise DirectoryError(error.reason, error.sentence) from None


def merge(snapshot: Snapshot, some: Snapshot) -> Snapshot:
    """Return `snapshot` with people who were asked for by name."""
    return replace(snapshot, people={**snapshot.people, **some.people}, gone=some.gone)


async def read_known(
    services: Services, settings: DirectorySettings, subjects: frozenset[str] | None
) -> Known:
    """Return what we hold of everybody the issuer knows here, or of `subjects` alone."""
    issuer = settings.known_as
    async with services.database.read() as session:
        held = dict(await held_people(session, issuer, subjects))
        rules = (await session.exec(select(MappingRule))).all()
        left = (
            select(Identity.subject)
            .join(DirectoryLeaver, col(DirectoryLeaver.person_id) == col(Identity.person_id))
            .where(Identity.issuer == issuer)
        )
        teams = dict((await session.exec(select(Team.name, Team.id))).all())
        return Known(held, rules, frozenset(await session.exec(left)), teams)


async def _rules(services: Services) -> tuple[Sequence[MappingRule], dict[str, UUID]]:
    async with services.database.read() as session:
        teams = dict((await session.exec(select(Team.name, Team.id))).all())
        return (await session.exec(select(MappingRule))).all(), teams


async def _fail(services: Services, run: UUID, error: DirectoryError) -> None:
    work = directory_work(services)
    async with work.write() as session:
        found = await session.get_one(DirectoryRun, run)
        found.state, found.finished, found.reason = RunState.FAILED, work.now, error.sentence
        session.add(found)
        part = Part(name="sync", subject=None, content=_content(found, Told(), Applied()))
        await work.record(
            Action.DIRECTORY_SYNC,
            resource=Resource("directory", run),
            reasons=[error.reason],
            outcome=Outcome.FAILURE,
            parts=[part],
        )


async def _finish(  # noqa: PLR0917 - everything a run ends with
    services: Services,
    run: UUID,
    snapshot: Snapshot,
    plan: Plan,
    state: RunState,
    reason: str | None,
    applied: Applied,
) -> DirectoryRun:
    work, told = directory_work(services), tell(plan)
    async with work.write() as session:
        found = await session.get_one(DirectoryRun, run)
        found.state, found.finished, found.reason = state, work.now, reason
        found.people, found.groups = len(snapshot.people), snapshot.groups
        found.memberships, found.plan = snapshot.memberships, told.model_dump_json()
        session.add(found)
        await _mark_full(session, work, plan.issuer, found)
        part = Part(name="sync", subject=None, content=_content(found, told, applied))
        reasons = ["directory_guard"] if state is RunState.WAITING else []
        await work.record(
            Action.DIRECTORY_SYNC, resource=Resource("directory", run), parts=[part], reasons=reasons
        )
    return found


async def _mark_full(session: AsyncSession, work: UnitOfWork, issuer: str, run: DirectoryRun) -> None:
    if run.dry:
        return
    cursor = await find_cursor(session, issuer)
    cursor.full = work.now
    session.add(cursor)


def _content(run: DirectoryRun, told: Told, applied: Applied) -> dict[str, object]:
    return {
        "run": str(run.id),
        "issuer": run.issuer,
        "state": run.state.value,
        "dry": run.dry,
        "people": run.people,
        "groups": run.groups,
        "memberships": run.memberships,
        **told.model_dump(include={"added", "changed", "ended", "returned", "taking"}),
        "overtaken": applied.overtaken,
    }
