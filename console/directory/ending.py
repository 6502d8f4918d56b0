"""How a run ends: kept with its numbers, and recorded."""

from dataclasses import dataclass
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from audit.event import Outcome, Part
from audit.events import Action
from console.directory.carrying import UNTOUCHED, Carried
from console.directory.keeping import find_cursor
from console.directory.told import Told, tell
from console.questions import Resource
from console.work import UnitOfWork
from sso.errors import DirectoryError
from sso.models import DirectoryRun, RunState
from sso.syncing.plan import Plan
from sso.syncing.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Ending:
    """How a run ends; `again` says that everybody must be read again, as groups moved while it ran."""

    state: RunState
    reason: str | None = None
    carried: Carried = UNTOUCHED
    again: bool = False


async def finish(work: UnitOfWork, run: UUID, snapshot: Snapshot, plan: Plan, ending: Ending) -> DirectoryRun:
    """Keep how a run ended, and record it.

    Raises:
        AuditUnavailableError: it could not be recorded.
    """
    told = tell(plan)
    async with work.write() as session:
        found = await session.get_one(DirectoryRun, run)
        found.state, found.finished, found.reason = ending.state, work.now, ending.reason
        found.people, found.groups = len(snapshot.people), snapshot.groups
        found.memberships, found.plan = snapshot.memberships, told.model_dump_json()
        session.add(found)
        if not found.dry and not ending.again:
            await _mark_full(session, work, plan.issuer)
        part = Part(name="sync", subject=None, content=_content(found, told, ending.carried))
        reasons = ["directory_guard"] if ending.state is RunState.WAITING else []
        await work.record(
            Action.DIRECTORY_SYNC, resource=Resource("directory", run), parts=[part], reasons=reasons
        )
    return found


async def fail(work: UnitOfWork, run: UUID, error: DirectoryError) -> None:
    """Keep that the directory could not be read, and record it.

    Raises:
        AuditUnavailableError: it could not be recorded.
    """
    async with work.write() as session:
        found = await session.get_one(DirectoryRun, run)
        found.state, found.finished, found.reason = RunState.FAILED, work.now, error.sentence
        session.add(found)
        part = Part(name="sync", subject=None, content=_content(found, Told(), UNTOUCHED))
        await work.record(
            Action.DIRECTORY_SYNC,
            resource=Resource("directory", run),
            reasons=[error.reason],
            outcome=Outcome.FAILURE,
            parts=[part],
        )


async def _mark_full(session: AsyncSession, work: UnitOfWork, issuer: str) -> None:
    cursor = await find_cursor(session, issuer)
    cursor.full = work.now
    session.add(cursor)


def _content(run: DirectoryRun, told: Told, carried: Carried) -> dict[str, object]:
    return {
        "run": str(run.id),
        "issuer": run.issuer,
        "state": run.state.value,
        "dry": run.dry,
        "people": run.people,
        "groups": run.groups,
        "memberships": run.memberships,
        **told.model_dump(include={"added", "changed", "ended", "returned", "taking"}),
        "overtaken": carried.applied.overtaken,
    }
