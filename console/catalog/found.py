"""The route somebody acts on, found by its name and authorized in one breath."""

from console.catalog.facts import RouteFacts, find_route, nothing_here, route_resource
from console.changes.seen import authorize_seen
from console.questions import Resource
from console.work import UnitOfWork
from policy.permissions import Permission


async def authorize_route(work: UnitOfWork, permission: Permission, name: str) -> tuple[RouteFacts, Resource]:
    """Return the route called `name`, and as the resource on which the caller may do `permission`.

    Raises:
        NotFoundError: no such route, or none the caller may know of.
        RefusedError: the caller may read it, and not do this.
    """
    async with work.read() as session:
        facts = await find_route(session, name)
        if facts is None:
            raise nothing_here()
        resource = await route_resource(session, facts, work.principal.id)
    await authorize_seen(work, permission, resource, Permission.MODEL_READ)
    return facts, resource
