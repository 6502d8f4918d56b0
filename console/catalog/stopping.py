"""Stops and starts a route: one person is enough, and every gateway obeys within seconds."""

from uuid import UUID

from audit.event import Part
from audit.events import Action
from console.catalog.facts import find_route, nothing_here, route_resource
from console.catalog.rows import route_row
from console.models import Route, RouteState
from console.questions import Resource
from console.work import UnitOfWork
from policy.permissions import Permission


async def stop_route(work: UnitOfWork, name: str, reason: str) -> Route:
    """Refuse every further call on the route until it is started again.

    Raises:
        NotFoundError: no such route, or none the principal may know of.
    """
    return await _turn(work, name, RouteState.STOPPED, reason)


async def start_route(work: UnitOfWork, name: str, reason: str) -> Route:
    """Let calls on a stopped route be decided again.

    Raises:
        NotFoundError: no such route, or none the principal may know of.
    """
    return await _turn(work, name, RouteState.ACTIVE, reason)


async def _turn(work: UnitOfWork, name: str, state: RouteState, reason: str) -> Route:
    stops = state is RouteState.STOPPED
    route_id, resource = await _found(work, name)
    await work.authorize(Permission.ROUTE_STOP if stops else Permission.ROUTE_START, resource)
    async with work.write() as session:
        route = await session.get_one(Route, route_id, with_for_update=True)
        route.state, route.stop_reason = state, reason if stops else None
        session.add(route)
        await work.record(
            Action.ROUTE_STOP if stops else Action.ROUTE_START,
            resource=resource,
            rows=[route_row(route, work.now)],
            parts=[
                Part(name="route", subject=None, content={"name": name}),
                Part(name="reason", subject=work.principal.id, content={"reason": reason}),
            ],
        )
    return route


async def _found(work: UnitOfWork, name: str) -> tuple[UUID, Resource]:
    async with work.read() as session:
        facts = await find_route(session, name)
        if facts is None:
            raise nothing_here()
        return facts.route.id, await route_resource(session, facts, work.principal.id)
