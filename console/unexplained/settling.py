"""An admin answers a finding: the row ends, in table and history. Who should have it, asks anew."""

from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa
from pydantic import BaseModel
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from audit.custody.holds import ROW_KIND
from audit.event import Part
from audit.events import Action
from audit.models import RowVersion
from console.catalog.forms import Form, Why
from console.clock import to_text
from console.errors import ConflictError, NotFoundError
from console.first_days import first_days_flags
from console.governed import GOVERNED
from console.models import UnexplainedRow
from console.questions import Resource
from console.work import Row, UnitOfWork
from policy.permissions import Permission

NEEDED = "Other rows need this one, so it cannot end. Take the change back where it was made."
HELD = "A hold ends by its release, which takes two people. Put its row back as the log says it was."
ABSENT = "There is no such finding."


class UnexplainedRead(BaseModel):
    """A row that is not what the log says; `found` as RFC 3339."""

    kind: str
    id: UUID
    why: str
    found: str
    event: UUID | None


class RowSettle(Form):
    """Ends an unexplained row."""

    reason: Why


async def list_unexplained(work: UnitOfWork) -> Sequence[UnexplainedRead]:
    """Return every finding that stands, oldest first.

    Raises:
        RefusedError: the principal does not look after the installation.
    """
    await work.authorize(Permission.HEALTH_READ, Resource("health"))
    async with work.read() as session:
        rows = (await session.exec(select(UnexplainedRow).order_by(col(UnexplainedRow.found)))).all()
    return [
        UnexplainedRead(
            kind=row.kind, id=row.row_id, why=row.why, found=to_text(row.found), event=row.event_id
        )
        for row in rows
    ]


async def settle_row(work: UnitOfWork, kind: str, row_id: UUID, form: RowSettle) -> None:
    """End a row that no act explains, by an act that does.

    Raises:
        NotFoundError: it is no finding, or what is missing is a whole act's history, which nothing can end.
        ConflictError: other rows need it, or it is a hold that somebody made.
        RefusedError: the principal does not look after the installation.
    """
    await work.authorize(Permission.STATE_SETTLE, Resource("state", row_id))
    table = next((table for table, name in GOVERNED.items() if name == kind), None)
    async with work.write() as session:
        found = await session.get(UnexplainedRow, (kind, row_id))
        if found is None or table is None:
            raise NotFoundError(ABSENT)
        await _refuse_hold(session, kind, row_id)
        await session.delete(found)
        await _end(session, sa.inspect(table).local_table, row_id)
        await work.record(
            Action.STATE_SETTLE,
            resource=Resource(kind, row_id),
            rows=[Row(kind, row_id, None, work.now)],
            parts=[Part(name="reason", subject=work.principal.id, content={"reason": form.reason})],
            flags=await first_days_flags(work, session),
        )


async def _refuse_hold(session: AsyncSession, kind: str, row_id: UUID) -> None:
    """A hold that was ever made ends by its release, which takes two people, and not by one who settles."""
    made = select(RowVersion.sequence).where(
        col(RowVersion.kind) == kind, col(RowVersion.row_id) == row_id, col(RowVersion.row).is_not(None)
    )
    if kind == ROW_KIND and (await session.exec(made.limit(1))).first() is not None:
        raise ConflictError(HELD, ("hold_needs_release",))


async def _end(session: AsyncSession, table: sa.FromClause, row_id: UUID) -> None:
    try:
        connection = await session.connection()
        await connection.execute(sa.delete(table).where(table.c.id == row_id))  # type: ignore[arg-type]
    except IntegrityError:
        raise ConflictError(NEEDED, ("row_needed",)) from None
