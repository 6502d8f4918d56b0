"""Two kinds of change: how long a class is kept, and one removal that comes earlier than the schedule."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from uuid_utils.compat import uuid7

from audit.custody.count import removable
from audit.custody.holds import active_holds
from audit.custody.retention import FLOOR_DAYS, RetentionError, check_days, oldest_kept
from audit.event import Part
from audit.events import Action
from audit.models import PruneJob, RetentionRow
from console.changes.asking import authorize_asking, propose
from console.changes.forms import ChangeCreated, Consequence
from console.changes.kinds import Content, KeptChange, Kind, Objection, Subject, register
from console.custody.forms import PruneAsk, RetentionAsk
from console.custody.rows import job_row, retention_row
from console.custody.times import day_of, start_of
from console.questions import Resource
from console.services import Services
from console.work import Row, UnitOfWork
from policy.models import ChangeKind

MEANINGS: Final[Mapping[str, str]] = {
    "admin": "changes of rights and settings",
    "auth": "sign-ins and refusals",
    "invoke": "calls",
    "audit": "the log's own life, and who read it",
}


async def ask_retention(work: UnitOfWork, form: RetentionAsk) -> ChangeCreated:
    """Ask that the details of a class are kept for so many days.

    Raises:
        RefusedError: the caller may not ask for it.
        ConflictError: below the floor, as it is already, or the same is pending.
    """
    await authorize_asking(work, ChangeKind.RETENTION)
    async with work.read() as session:
        row = await find_retention(session, form.name)
    content = {"name": form.name, "days": form.days, "days_now": row.days if row else None}
    subject = Subject("retention", row.id if row else uuid7(), content)
    return await propose(work, ChangeKind.RETENTION, subject, form.reason)


async def ask_prune(work: UnitOfWork, form: PruneAsk) -> ChangeCreated:
    """Ask that details of a class from before a day are removed once.

    Raises:
        RefusedError: the caller may not ask for it.
        ConflictError: the day is not old enough.
    """
    await authorize_asking(work, ChangeKind.PRUNE)
    content = {"name": form.name, "before": form.before.isoformat()}
    return await propose(work, ChangeKind.PRUNE, Subject("log", uuid7(), content), form.reason)


async def find_retention(session: AsyncSession, name: str) -> RetentionRow | None:
    """Return the approved retention of a class, None while there is none."""
    return (await session.exec(select(RetentionRow).where(col(RetentionRow.name) == name))).first()


async def _check_retention(_services: Services, session: AsyncSession, content: Content) -> Objection | None:
    try:
        check_days(content["name"], content["days"])
    except RetentionError as error:
        return Objection("below_the_floor" if content["days"] < FLOOR_DAYS else "out_of_bounds", str(error))
    row = await find_retention(session, content["name"])
    if (row.days if row else None) != content["days_now"]:
        return Objection("overtaken", "The retention has changed since this was asked; ask anew.")
    if row is not None and row.days == content["days"]:
        return Objection("nothing_to_change", "It is kept for that long already.")
    return None


async def _check_prune(services: Services, _session: AsyncSession, content: Content) -> Objection | None:
    if _moment(content) > oldest_kept(FLOOR_DAYS, services.clock()):
        sentence = f"Details younger than {FLOOR_DAYS} days are not removed (EU AI Act, Articles 19 and 26)."
        return Objection("below_the_floor", sentence)
    return None


async def _retention_does(
    services: Services, session: AsyncSession, content: Content
) -> Sequence[Consequence]:
    before = oldest_kept(content["days"], services.clock())
    found = [await _at_once(services, session, content["name"], before)]
    if content["days_now"] is None:
        found.insert(0, Consequence(label="Until now", text="Nothing of this class is removed."))
    else:
        found.insert(0, Consequence(label="Until now", text=f"{content['days_now']:,} days."))
    return [*found, Consequence(label="From then on", text="Once a day, what has become too old is removed.")]


async def _prune_does(services: Services, session: AsyncSession, content: Content) -> Sequence[Consequence]:
    return [await _at_once(services, session, content["name"], _moment(content))]


async def _at_once(services: Services, session: AsyncSession, name: str, before: int) -> Consequence:
    holds = list(await active_holds(session, services.log, services.clock()))
    extent = await removable(services.log.engine, name, before, holds)
    text = f"The details of {extent.sentence()}, before {day_of(before)}, go. Their heads and proofs stay."
    return Consequence(label="At once", text=text)


async def _keep(work: UnitOfWork, session: AsyncSession, found: KeptChange, now: int) -> Sequence[Row]:
    content = found.content
    row = await find_retention(session, content["name"])
    days_before = row.days if row else None
    row = row or RetentionRow(
        id=found.change.resource_id, name=content["name"], days=0, change_id=found.change.id, created=now
    )
    row.days, row.change_id, row.created = content["days"], found.change.id, now
    session.add(row)
    await session.flush()
    told = {"name": row.name, "days": row.days, "days_before": days_before}
    await work.record(
        Action.RETENTION_UPDATE,
        resource=Resource("retention", row.id),
        request=found.change.id,
        rows=[retention_row(row, now)],
        parts=[Part(name="retention", subject=None, content=told)],
    )
    return ()


async def _order(_work: UnitOfWork, session: AsyncSession, found: KeptChange, now: int) -> Sequence[Row]:
    """Leave the job to the worker, who alone may write the log; it tells what it removed by `log.prune`."""
    content = found.content
    job = PruneJob(
        id=found.change.resource_id,
        name=content["name"],
        before=_moment(content),
        change_id=found.change.id,
        created=now,
    )
    session.add(job)
    await session.flush()
    return [job_row(job)]


def _moment(content: Content) -> int:
    return start_of(date.fromisoformat(content["before"]))


def _tell_retention(content: Content) -> str:
    return f"Keep the details of {MEANINGS[content['name']]} for {content['days']:,} days"


def _tell_prune(content: Content) -> str:
    return f"Remove the details of {MEANINGS[content['name']]} from before {content['before']}"


KINDS: Final[tuple[Kind, ...]] = (
    Kind(ChangeKind.RETENTION, _tell_retention, _check_retention, _retention_does, _keep),
    Kind(ChangeKind.PRUNE, _tell_prune, _check_prune, _prune_does, _order),
)
register(*KINDS)
