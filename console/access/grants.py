"""Reads of grants, for owners of the routes they are on and for auditors in scope."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased
from sqlmodel import col

from console.access.basis import in_words, stale_of
from console.access.forms import GrantRead
from console.clock import to_text
from console.models import Model, Route
from console.web.listing import cursor_id
from console.web.pagination import PAGE_SIZE, Key, KeysetPage, cut_page
from console.work import UnitOfWork
from policy import scope as scopes
from policy.models import Grant
from policy.permissions import Permission
from sso.models import Profile, Team


async def list_grants(
    work: UnitOfWork, *, active: bool = False, after: Key | None = None, size: int = PAGE_SIZE
) -> KeysetPage[GrantRead]:
    """Return one page of the grants the caller may read, newest first; `active` leaves out ended ones."""
    now = work.now
    scope = await work.scope(Permission.GRANT_READ)
    columns: dict[str, Any] = {"team": col(Team.name)}
    query = _select().where(scopes.compile(scope, columns))
    if active:
        query = query.where(_is_active(now))
    if after is not None:
        query = query.where(col(Grant.id) < cursor_id(after))
    async with work.read() as session:
        rows = (await session.exec(query.order_by(col(Grant.id).desc()).limit(size + 1))).all()
        stale = await stale_of(session, [row[0].id for row in rows])
    items = [
        _grant_read(grant, (route, owner, holder), now).model_copy(
            update={"stale": in_words(stale.get(grant.id, ()))}
        )
        for grant, route, owner, holder in rows
    ]
    return cut_page(items, lambda item: (str(item.id),), size)


def _is_active(now: int) -> sa.ColumnElement[bool]:
    return sa.and_(
        col(Grant.revoked_at).is_(None), col(Grant.starts) <= now, sa.literal(now) < col(Grant.ends)
    )


def _select() -> Any:  # noqa: ANN401 - SQLModel's exec takes sa.select, but its types do not say so
    return (
        sa.select(Grant, col(Route.name), col(Team.name), _holder())
        .join(Route, col(Route.id) == col(Grant.resource_id))
        .join(Model, col(Model.id) == col(Route.model_id))
        .join(Team, col(Team.id) == col(Model.team_id))
    )


def _holder() -> sa.ColumnElement[str | None]:
    """Return the name of the team, or the handle of the person, that holds the grant."""
    team, person = aliased(Team), aliased(Profile)
    by_team = sa.select(col(team.name)).where(col(team.id) == col(Grant.principal_id))
    by_person = sa.select(col(person.handle)).where(col(person.person_id) == col(Grant.principal_id))
    return sa.func.coalesce(by_team.scalar_subquery(), by_person.scalar_subquery())


def _grant_read(grant: Grant, names: tuple[str, str, str | None], now: int) -> GrantRead:
    route, owner_team, holder = names
    return GrantRead(
        id=grant.id,
        route=route,
        owner_team=owner_team,
        principal_type=grant.principal_type.value,
        principal=holder or str(grant.principal_id),
        permission=grant.permission,
        state=_state(grant, now),
        starts=to_text(grant.starts),
        ends=to_text(grant.ends),
        request=grant.change_id,
        revoked_at=to_text(grant.revoked_at) if grant.revoked_at else None,
        revoke_reason=grant.revoke_reason,
    )


def _state(grant: Grant, now: int) -> str:
    if grant.revoked_at is not None:
        return "revoked"
    if now < grant.starts:
        return "scheduled"
    return "active" if now < grant.ends else "ended"
