"""Takes a version off a route: its label is called no more. Its owner does it alone, and at once."""

from typing import Final

from sqlmodel import col, select

from audit.event import Part
from audit.events import Action
from console.catalog.found import authorize_route
from console.catalog.listed import answering, listed_versions
from console.catalog.rows import target_row
from console.errors import ConflictError, InvalidInputError
from console.models import RouteTarget
from console.work import UnitOfWork
from policy.permissions import Permission

NOT_LISTED: Final = "The route lists no version by this label."
ANSWERS: Final = "This version answers by default; let another one do that first, or stop the route."


async def unlist_version(work: UnitOfWork, name: str, label: str, reason: str) -> None:
    """Refuse every further call on a version; it stays bound to what was approved.

    Raises:
        NotFoundError: no such route, or none the caller may know of.
        RefusedError: the caller does not own the model's team.
        InvalidInputError: the route lists no version by this label.
        ConflictError: it answers calls that name no version.
    """
    facts, resource = await authorize_route(work, Permission.MODEL_UPDATE, name)
    async with work.write() as session:
        listed = select(RouteTarget).where(col(RouteTarget.route_id) == facts.route.id).with_for_update()
        targets = {one.label: one for one in await session.exec(listed)}
        if label not in targets:
            raise InvalidInputError(NOT_LISTED, ("unknown_version",), {"label": NOT_LISTED})
        if label in answering(await listed_versions(session, facts)):
            raise ConflictError(ANSWERS, ("answers_by_default",), {"label": ANSWERS})
        gone = targets.pop(label)
        await session.delete(gone)
        told = {
            "route": name,
            "team": facts.team.name,
            "versions": [{"label": one} for one in sorted(targets)],
        }
        await work.record(
            Action.MODEL_UPDATE,
            resource=resource,
            rows=[target_row(gone, work.now, gone=True)],
            parts=[
                Part(name="model", subject=None, content=told),
                Part(name="reason", subject=work.principal.id, content={"reason": reason}),
            ],
        )
