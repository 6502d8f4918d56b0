"""What the worker may remove, and on whose word: approved retentions and jobs, each explained by the log.

A row counts only if the newest state that the append-only history has of it is the same, and the event that
wrote that state is in the log with its hash: whoever inserts a retention in SQL removes nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from audit.custody.explained import is_explained
from audit.custody.retention import FLOOR_DAYS, oldest_kept
from audit.models import PruneJob, RetentionRow
from audit.reader import LogReader

RETENTION: Final = "retention"
JOB: Final = "prune_job"


@dataclass(frozen=True, slots=True)
class Permit:
    """Details of one class from before a moment may go, by an approved change; ``job`` if asked for once."""

    retention: str
    before: int
    change_id: UUID
    job: UUID | None = None


def retention_state(row: RetentionRow) -> dict[str, object]:
    """Return a retention as history keeps it."""
    return {"name": row.name, "days": row.days, "change_id": str(row.change_id)}


def job_state(row: PruneJob) -> dict[str, object]:
    """Return a job as history keeps it; that it was done is told by the log's own entries."""
    return {"name": row.name, "before": row.before, "change_id": str(row.change_id)}


async def find_permits(session: AsyncSession, log: LogReader, now: int) -> Sequence[Permit]:
    """Return what may be removed now: by schedule, and by jobs that wait. Never anything above the floor."""
    latest = oldest_kept(FLOOR_DAYS, now)
    schedules = (await session.exec(select(RetentionRow).order_by(col(RetentionRow.name)))).all()
    waiting = select(PruneJob).where(col(PruneJob.done).is_(None)).order_by(col(PruneJob.created))
    jobs = (await session.exec(waiting)).all()
    claims = [
        *(
            _Claim(
                RETENTION,
                row.id,
                retention_state(row),
                Permit(row.name, min(oldest_kept(row.days, now), latest), row.change_id),
            )
            for row in schedules
        ),
        *(
            _Claim(
                JOB, job.id, job_state(job), Permit(job.name, min(job.before, latest), job.change_id, job.id)
            )
            for job in jobs
        ),
    ]
    return [
        claim.permit
        for claim in claims
        if await is_explained(session, log, (claim.kind, claim.row_id), claim.state, now)
    ]


@dataclass(frozen=True, slots=True)
class _Claim:
    """What a row says may be removed, and the state that history must know of it."""

    kind: str
    row_id: UUID
    state: dict[str, object]
    permit: Permit
