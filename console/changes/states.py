"""Where a request stands at a moment: a pending one whose time has passed counts as expired."""

import sqlalchemy as sa
from sqlmodel import col

from policy.changes import EXPIRES_AFTER_DAYS
from policy.grants import MICROSECONDS_A_DAY
from policy.models import Change, ChangeState


def state_at(change: Change, now: int) -> ChangeState:
    """Return the state of a change at `now` (microseconds)."""
    expired = change.state is ChangeState.PENDING and change.created <= oldest_pending(now)
    return ChangeState.EXPIRED if expired else change.state


def state_is(state: ChangeState, now: int) -> sa.ColumnElement[bool]:
    """Return the condition that a change is in `state` at `now`."""
    kept: sa.ColumnElement[bool] = col(Change.state) == state
    old: sa.ColumnElement[bool] = col(Change.created) <= oldest_pending(now)
    if state is ChangeState.PENDING:
        return sa.and_(kept, sa.not_(old))
    if state is ChangeState.EXPIRED:
        return sa.or_(kept, sa.and_(col(Change.state) == ChangeState.PENDING, old))
    return kept


def oldest_pending(now: int) -> int:
    """Return the time of asking (microseconds) at which, or before which, a pending request is expired."""
    return now - EXPIRES_AFTER_DAYS * MICROSECONDS_A_DAY
