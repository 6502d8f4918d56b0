"""What access the caller has to each of many routes: none, pending or granted; two queries for a page."""

from collections.abc import Sequence
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from console.catalog.facts import covering_grants
from console.clock import seconds
from console.models import Model, Route, Visibility
from policy.models import Change, ChangeKind, ChangeState


async def access_states(
    session: AsyncSession, person_id: UUID, route_ids: Sequence[UUID], now: int
) -> dict[UUID, str]:
    """Return `none`, `pending` or `granted` for each route, as the caller would be answered at `now`."""
    states = dict.fromkeys(route_ids, "none")
    states |= dict.fromkeys(await _pending(session, person_id, route_ids), "pending")
    states |= dict.fromkeys(await _granted(session, person_id, route_ids, now), "granted")
    states |= dict.fromkeys(await _shared(session, route_ids), "granted")
    return states


async def _pending(session: AsyncSession, person_id: UUID, route_ids: Sequence[UUID]) -> list[UUID]:
    query = select(Change.resource_id).where(
        Change.kind == ChangeKind.ACCESS,
        Change.state == ChangeState.PENDING,
        Change.requester_id == person_id,
        col(Change.resource_id).in_(route_ids),
    )
    return list(await session.exec(query))


async def _granted(session: AsyncSession, person_id: UUID, route_ids: Sequence[UUID], now: int) -> list[UUID]:
    grants = await covering_grants(session, person_id, route_ids)
    # In whole seconds, as the decision on a call would count them.
    current = (grant for grant, _ in grants if seconds(grant.starts) <= seconds(now) < seconds(grant.ends))
    return [grant.resource_id for grant in current]


async def _shared(session: AsyncSession, route_ids: Sequence[UUID]) -> list[UUID]:
    query = (
        select(Route.id)
        .join(Model, col(Model.id) == col(Route.model_id))
        .where(col(Route.id).in_(route_ids), Model.visibility == Visibility.SHARED)
    )
    return list(await session.exec(query))
