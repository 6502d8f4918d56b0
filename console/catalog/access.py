"""What access the caller has to a route: none, pending or granted."""

from collections.abc import Iterable
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col, select

from console.clock import seconds
from console.models import Route, Visibility
from policy.models import Change, ChangeKind, ChangeState, Grant


def access_state(visibility: Visibility, *, granted: bool, asked: bool) -> str:
    """Return `none`, `pending` or `granted`, as the caller would be answered now."""
    if granted or visibility is Visibility.SHARED:
        return "granted"
    return "pending" if asked else "none"


def is_asked_for(person_id: UUID) -> sa.ColumnElement[bool]:
    """Return the column of a query of routes that says whether a request of this person is open for each."""
    query = select(Change.id).where(
        col(Change.requester_id) == person_id,
        Change.kind == ChangeKind.ACCESS,
        Change.state == ChangeState.PENDING,
        col(Change.resource_id) == col(Route.id),
    )
    return query.correlate(Route).exists()


def granted_routes(grants: Iterable[Grant], now: int) -> set[UUID]:
    """Return the routes on which one of `grants` is in force at `now`."""
    # In whole seconds, as the decision on a call would count them.
    return {
        grant.resource_id for grant in grants if seconds(grant.starts) <= seconds(now) < seconds(grant.ends)
    }
