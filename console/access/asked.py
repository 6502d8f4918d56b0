"""Which requests await somebody's answer, as a condition over changes joined with their owner team."""

import sqlalchemy as sa
from sqlmodel import col

from console.changes.asked import Answers
from console.changes.states import state_is
from policy.models import Change, ChangeState
from sso.models import PlatformRole, Team


def asked_condition(mine: Answers, now: int) -> sa.ColumnElement[bool]:
    """Return the condition that the answer is awaited."""
    if mine.away:
        return sa.false()
    return sa.and_(
        state_is(ChangeState.PENDING, now),
        col(Change.requester_id).not_in(mine.bars),
        col(Change.id).not_in(mine.given),
        sa.or_(*_as_owner(mine, now), _as_reviewer(mine, now)),
    )


def _as_owner(mine: Answers, now: int) -> list[sa.ColumnElement[bool]]:
    return [_asks(f"owner:{team}", now) for team in dict.fromkeys(mine.owned())]


def _as_reviewer(mine: Answers, now: int) -> sa.ColumnElement[bool]:
    return sa.and_(_reviewed_teams(mine), _asks("reviewer", now))


def _asks(group: str, now: int) -> sa.ColumnElement[bool]:
    """Return the condition that a group is asked, or answers in the stead of those who were."""
    named = f'"{group}"'
    late = sa.and_(col(Change.due) <= now, col(Change.further).contains(named, autoescape=True))
    return sa.or_(col(Change.required).contains(named, autoescape=True), late)


def _reviewed_teams(mine: Answers) -> sa.ColumnElement[bool]:
    found: list[sa.ColumnElement[bool]] = [sa.false()]
    for subject in mine.subjects:
        roles = subject["roles"]
        for held in roles if isinstance(roles, list) else []:
            if held["role"] == PlatformRole.REVIEWER:
                scope = held["scope"]
                found.append(sa.true() if scope == "all" else col(Team.name).in_(scope))
    return sa.or_(*found)
