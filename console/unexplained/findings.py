"""Keeps what a comparison found: a row to be left out of decisions, and one entry of the log for each."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from audit.event import Outcome
from audit.events import Action
from console.models import UnexplainedRow
from console.questions import Resource
from console.unexplained.comparison import Finding
from console.work import UnitOfWork

EXPLAINED_AGAIN: Final = "explained_again"
ENTRIES_AT_ONCE: Final = 200
"""A table emptied by hand is one act of one person: after so many entries the rest is told as a number."""

Place = tuple[str, UUID]


async def keep_findings(work: UnitOfWork, findings: Iterable[Finding]) -> int:
    """Make the table of unexplained rows say what `findings` say, record what is new, return how many are.

    Raises:
        AuditUnavailableError: it could not be recorded; nothing changed, and nothing is explained by that.
    """
    now_found = {(one.kind, one.row_id): one for one in findings}
    async with work.read() as session:
        known = await _known(session)
    if known == {place: one.why for place, one in now_found.items()}:
        return 0
    async with work.write() as session:
        known = await _known(session)
        new = [one for place, one in now_found.items() if known.get(place) != one.why]
        gone = [place for place in known if place not in now_found]
        await _store(session, new, gone, work.now)
        await _record(work, new, gone)
    return len(new)


async def _known(session: AsyncSession) -> Mapping[Place, str]:
    return {(row.kind, row.row_id): row.why for row in await session.exec(select(UnexplainedRow))}


async def _store(session: AsyncSession, new: Sequence[Finding], gone: Sequence[Place], now: int) -> None:
    for one in new:
        row = UnexplainedRow(kind=one.kind, row_id=one.row_id, why=one.why, found=now, event_id=one.event_id)
        await session.merge(row)
    for kind, row_id in gone:
        found = select(UnexplainedRow).where(
            col(UnexplainedRow.kind) == kind, col(UnexplainedRow.row_id) == row_id
        )
        await session.delete((await session.exec(found)).one())


async def _record(work: UnitOfWork, new: Sequence[Finding], gone: Sequence[Place]) -> None:
    for one in new[:ENTRIES_AT_ONCE]:
        await work.record(
            Action.STATE_UNEXPLAINED,
            resource=Resource(one.kind, one.row_id),
            reasons=[one.why],
            flags=[f"event:{one.event_id}"] if one.event_id else [],
            outcome=Outcome.FAILURE,
        )
    for kind, row_id in gone[:ENTRIES_AT_ONCE]:
        resource = Resource(kind, row_id)
        await work.record(Action.STATE_UNEXPLAINED, resource=resource, reasons=[EXPLAINED_AGAIN])
    more = max(0, len(new) - ENTRIES_AT_ONCE), max(0, len(gone) - ENTRIES_AT_ONCE)
    if any(more):
        told = [f"more_found:{more[0]}", f"more_explained:{more[1]}"]
        await work.record(Action.STATE_UNEXPLAINED, reasons=told, outcome=Outcome.FAILURE)
