"""Somebody else looks at what was done under break glass, and says so; until then it alarms daily."""

from uuid import UUID

from audit.event import Part
from audit.events import Action
from console.break_glass.forms import BreakGlassReview
from console.break_glass.rows import use_row
from console.errors import ConflictError, NotFoundError
from console.questions import Resource
from console.work import UnitOfWork
from policy.permissions import Permission
from sso.models import BreakGlass

OWN = "own_break_glass"
NOTHING = "There is nothing here by that name."
STILL_OPEN = "It is still open; it can be reviewed once it is closed or over."
REVIEWED = "It has been reviewed already."


async def review_use(work: UnitOfWork, use_id: UUID, review: BreakGlassReview) -> None:
    """Say what was found on looking at a use. Neither its holder nor who was made admin under it may.

    Raises:
        NotFoundError: there is no such use.
        RefusedError: the caller may not, or has to do with it; recorded.
        ConflictError: it is still open, or was reviewed before.
    """
    resource = Resource("break_glass", use_id)
    async with work.read() as session:
        use = await session.get(BreakGlass, use_id)
    await work.authorize(Permission.BREAK_GLASS_REVIEW, resource)
    if use is None:
        raise NotFoundError(NOTHING, ("not_found",))
    if work.principal.id in {use.person_id, use.admitted_id}:
        raise await work.refuse(Permission.BREAK_GLASS_REVIEW, resource, OWN)
    await _reviewed(work, resource, use_id, review.findings)


async def _reviewed(work: UnitOfWork, resource: Resource, use_id: UUID, findings: str) -> None:
    async with work.write() as session:
        use = await session.get_one(BreakGlass, use_id, with_for_update=True, populate_existing=True)
        if use.closed is None and use.ends > work.now:
            raise ConflictError(STILL_OPEN, ("break_glass_open",))
        if use.reviewed is not None:
            raise ConflictError(REVIEWED, ("already_reviewed",))
        use.reviewed, use.reviewed_by = work.now, work.principal.id
        session.add(use)
        part = Part(name="findings", subject=work.principal.id, content={"findings": findings})
        await work.record(
            Action.BREAK_GLASS_REVIEW, resource=resource, rows=[use_row(use, work.now)], parts=[part]
        )
