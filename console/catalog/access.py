"""What access the caller has to each of many routes: none, pending or granted; one query for a page."""

from collections.abc import Iterable, Mapping
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from console.clock import seconds
from console.models import Visibility
from policy.models import Change, ChangeKind, ChangeState, Grant


async def access_states(
    session: AsyncSession,
    person_id: UUID,
    routes: Mapping[UUID, Visibility],
    grants: Iterable[Grant],
    now: int,
) -> dict[UUID, str]:
    """Return `none`, `pending` or `granted` for each route, as the caller would be answered at `now`.

    `routes` are ids with the visibility of the model; `grants` all that cover the caller, on these routes at
    least.
    """
    shared = {route_id for route_id, visibility in routes.items() if visibility is Visibility.SHARED}
    granted, pending = shared | set(_current(grants, now)), await _pending(session, person_id)
    return {route_id: _state(route_id, granted, pending) for route_id in routes}


def _state(route_id: UUID, granted: set[UUID], pending: set[UUID]) -> str:
    if route_id in granted:
        return "granted"
    return "pending" if route_id in pending else "none"


async def _pending(session: AsyncSession, person_id: UUID) -> set[UUID]:
    query = select(Change.resource_id).where(
        col(Change.requester_id) == person_id,
        Change.kind == ChangeKind.ACCESS,
        Change.state == ChangeState.PENDING,
    )
    return set(await session.exec(query))


def _current(grants: Iterable[Grant], now: int) -> Iterable[UUID]:
    # In whole seconds, as the decision on a call would count them.
    return (
        grant.resource_id for grant in grants if seconds(grant.starts) <= seconds(now) < seconds(grant.ends)
    )
