"""The canonical rows of holds, retentions, jobs, disclosures: ids, numbers and codes, never free text."""

from audit.custody.authority import JOB, RETENTION, job_state, retention_state
from audit.custody.disclosing import DISCLOSURE, disclosure_state
from audit.custody.holds import ROW_KIND, hold_of
from audit.models import Disclosure, LegalHold, PruneJob, RetentionRow
from console.work import Row


def hold_row(hold: LegalHold) -> Row:
    """Return what a hold covers, from when it was made."""
    return Row(ROW_KIND, hold.id, hold_of(hold).row(), hold.created)


def released_hold_row(hold: LegalHold, now: int) -> Row:
    """Return that the hold holds nothing from `now` on."""
    return Row(ROW_KIND, hold.id, None, now)


def retention_row(row: RetentionRow, now: int) -> Row:
    """Return how long a class is kept."""
    return Row(RETENTION, row.id, retention_state(row), now)


def disclosure_row(row: Disclosure, now: int) -> Row:
    """Return what a follower is told."""
    return Row(DISCLOSURE, row.id, disclosure_state(row), now)


def job_row(job: PruneJob) -> Row:
    """Return what may be removed once."""
    return Row(JOB, job.id, job_state(job), job.created)
