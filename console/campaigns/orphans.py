"""What nobody answers for: teams without an owner, their models, and grants whose holders are gone."""

from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import aliased
from sqlmodel import col

from console.campaigns.forms import OrphanRead
from console.models import Model, Route
from console.web.listing import cursor_id
from console.web.pagination import PAGE_SIZE, Key, KeysetPage, cut_page
from console.work import UnitOfWork
from policy import scope as scopes
from policy.models import Change, Grant, PrincipalType
from policy.permissions import Permission
from sso.models import Membership, Person, PersonKind, PersonState, Profile, ServiceAccount, Team, TeamRole

NO_OWNER: Final = "team_without_owner"
EMPTY_TEAM: Final = "team_without_people"
DISABLED: Final = "holder_disabled"
LEFT_TEAM: Final = "holder_left_team"
UNOWNED_SERVICE: Final = "service_without_owner"
WORDS: Final = {
    NO_OWNER: "No owner is left who may sign in",
    EMPTY_TEAM: "Nobody is left in the team who may sign in",
    DISABLED: "Its holder is disabled",
    LEFT_TEAM: "Its holder has left the team it was asked for",
    UNOWNED_SERVICE: "The service account's team has no owner left",
}


async def list_orphans(
    work: UnitOfWork, after: Key | None = None, size: int = PAGE_SIZE
) -> KeysetPage[OrphanRead]:
    """Return one page of what nobody answers for, of the teams whose grants the caller may see reviewed."""
    found = await _found(work)
    query = sa.select(found)
    if after is not None:
        kind, key = str(after[0]), cursor_id(after[1:])
        later = sa.and_(found.c.kind == kind, found.c.id > key)
        query = query.where(sa.or_(found.c.kind > kind, later))
    query = query.order_by(found.c.kind, found.c.id).limit(size + 1)
    async with work.read() as session:
        rows = (await (await session.connection()).execute(query)).mappings().all()
    items = [OrphanRead(**row, words=WORDS[row["reason"]]) for row in rows]
    return cut_page(items, lambda item: (item.kind, str(item.id)), size)


async def count_orphans(work: UnitOfWork) -> int:
    """Return how many there are of them."""
    query = sa.select(sa.func.count()).select_from(await _found(work))
    async with work.read() as session:
        return int((await (await session.connection()).execute(query)).scalar_one())


def has_owner(team: Any) -> Any:  # noqa: ANN401 - a column, whose two type names do not meet
    """Return whether the team with this id has an owner who may sign in: a program answers for nothing."""
    return _people(team).where(col(Membership.role) == TeamRole.OWNER).exists()


async def _found(work: UnitOfWork) -> Any:  # noqa: ANN401 - a subquery of SQLAlchemy has no row type
    columns: dict[str, Any] = {"team": col(Team.name)}
    visible = scopes.compile(await work.scope(Permission.CAMPAIGN_READ), columns)
    parts = (_teams(work.now), _models(), _grants(work.now))
    return sa.union_all(*(part.where(visible) for part in parts)).subquery("orphan")


def _people(team: Any) -> Any:  # noqa: ANN401 - as above
    # An alias, so that this never takes the person of the query around it for its own.
    member = aliased(Person)
    return (
        sa.select(col(Membership.id))
        .join(member, col(member.id) == col(Membership.person_id))
        .where(
            col(Membership.team_id) == team,
            col(member.state) == PersonState.ACTIVE,
            col(member.kind) == PersonKind.PERSON,
        )
    )


def _teams(now: int) -> Any:  # noqa: ANN401 - as above
    holds = sa.or_(
        sa.exists().where(col(Model.team_id) == col(Team.id)),
        sa.exists().where(col(ServiceAccount.team_id) == col(Team.id)),
        sa.exists().where(
            col(Grant.principal_type) == PrincipalType.TEAM,
            col(Grant.principal_id) == col(Team.id),
            *_live(now),
        ),
    )
    columns = _columns("team", col(Team.id), col(Team.name), sa.literal(""), sa.literal(NO_OWNER))
    return sa.select(*columns).where(sa.not_(has_owner(col(Team.id))), holds)


def _models() -> Any:  # noqa: ANN401 - as above
    columns = _columns("model", col(Model.id), col(Route.name), sa.literal(""), sa.literal(NO_OWNER))
    joined = sa.select(*columns).join(Route, col(Route.model_id) == col(Model.id))
    return joined.join(Team, col(Team.id) == col(Model.team_id)).where(sa.not_(has_owner(col(Team.id))))


def _grants(now: int) -> Any:  # noqa: ANN401 - as above
    holding = aliased(Team)
    why = sa.case(
        (col(Grant.principal_type) == PrincipalType.TEAM, sa.literal(EMPTY_TEAM)),
        (col(Person.state) != PersonState.ACTIVE, sa.literal(DISABLED)),
        (col(Grant.principal_type) == PrincipalType.PERSON, sa.literal(LEFT_TEAM)),
        else_=sa.literal(UNOWNED_SERVICE),
    )
    holder = sa.func.coalesce(col(holding.name), col(Profile.handle), "")
    gone = sa.case(
        (col(Grant.principal_type) == PrincipalType.TEAM, sa.not_(_people(col(Grant.principal_id)).exists())),
        (col(Person.state) != PersonState.ACTIVE, sa.true()),
        (col(ServiceAccount.id).is_not(None), sa.not_(has_owner(col(ServiceAccount.team_id)))),
        (col(Grant.principal_type) == PrincipalType.PERSON, _has_left()),
        else_=sa.false(),
    )
    return (
        sa.select(*_columns("grant", col(Grant.id), col(Route.name), holder, why))
        .join(Route, col(Route.id) == col(Grant.resource_id))
        .join(Model, col(Model.id) == col(Route.model_id))
        .join(Team, col(Team.id) == col(Model.team_id))
        .join(Change, col(Change.id) == col(Grant.change_id))
        .outerjoin(holding, col(holding.id) == col(Grant.principal_id))
        .outerjoin(Person, col(Person.id) == col(Grant.principal_id))
        .outerjoin(Profile, col(Profile.person_id) == col(Grant.principal_id))
        .outerjoin(ServiceAccount, col(ServiceAccount.id) == col(Grant.principal_id))
        .where(*_live(now), gone)
    )


def _has_left() -> Any:  # noqa: ANN401 - as above
    """Whether a person is no longer in the team under which their grant was asked for."""
    still = sa.select(col(Membership.id)).where(
        col(Membership.person_id) == col(Grant.principal_id), col(Membership.team_id) == col(Change.team_id)
    )
    return sa.not_(still.exists())


def _live(now: int) -> tuple[sa.ColumnElement[bool], ...]:
    return (col(Grant.revoked_at).is_(None), col(Grant.ends) > now)


def _columns(kind: str, key: Any, name: Any, holder: Any, why: Any) -> tuple[Any, ...]:  # noqa: ANN401 - columns
    return (
        sa.literal(kind).label("kind"),
        key.label("id"),
        name.label("name"),
        col(Team.name).label("team"),
        holder.label("holder"),
        why.label("reason"),
    )
