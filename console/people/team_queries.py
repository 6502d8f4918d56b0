"""Reads of teams: those one may see, and who is in one. Whose members were read is recorded."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from audit.events import Action
from console.changes.seen import authorize_seen, nothing
from console.clock import to_text
from console.models import Model, Route
from console.people.shown import MemberRead, TeamItem, TeamRead
from console.questions import Resource
from console.web.pagination import PAGE_SIZE, Key, KeysetPage, cut_page
from console.work import UnitOfWork
from policy import scope as scopes
from policy.models import Grant, PrincipalType
from policy.permissions import Permission
from sso.models import Membership, Person, Profile, Team, TeamRole

MOST_NAMED = 200


async def list_teams(
    work: UnitOfWork, text: str = "", after: Key | None = None, size: int = PAGE_SIZE
) -> KeysetPage[TeamItem]:
    """Return one page of the teams the caller may see, by name."""
    scope = await work.scope(Permission.TEAM_READ)
    columns: dict[str, Any] = {"team": col(Team.name)}
    query = select(Team).where(scopes.compile(scope, columns)).order_by(col(Team.name)).limit(size + 1)
    if text.strip():
        query = query.where(col(Team.name).contains(text.strip().lower(), autoescape=True))
    if after is not None:
        query = query.where(col(Team.name) > str(after[0]))
    async with work.read() as session:
        page = cut_page((await session.exec(query)).all(), lambda team: (team.name,), size)
        items = await _items(session, page.items, work.now)
    return KeysetPage(items, page.next)


async def read_team(work: UnitOfWork, name: str) -> TeamRead:
    """Return one team: its owners, its models, and what it may call.

    Raises:
        NotFoundError: no such team, or none the caller may see.
    """
    team = await see_team(work, name)
    async with work.write():
        await work.record(Action.TEAM_READ, resource=Resource("team", team.id))
    async with work.read() as session:
        (item,) = await _items(session, [team], work.now)
        owned = select(Route.name).join(Model, col(Model.id) == col(Route.model_id))
        routes = await session.exec(owned.where(col(Model.team_id) == team.id).order_by(col(Route.name)))
        granted = select(Route.name).join(Grant, col(Grant.resource_id) == col(Route.id))
        held = await session.exec(granted.where(*_holds([team.id], work.now)).order_by(col(Route.name)))
        return TeamRead(
            **item.model_dump(),
            created=to_text(team.created),
            owner_names=await _owners(session, team.id),
            routes=list(routes.all())[:MOST_NAMED],
            granted=list(dict.fromkeys(held))[:MOST_NAMED],
        )


async def list_members(
    work: UnitOfWork, name: str, after: Key | None = None, size: int = PAGE_SIZE
) -> KeysetPage[MemberRead]:
    """Return one page of a team's memberships by handle; somebody kept by two sources is there twice.

    Raises:
        NotFoundError: no such team, or none the caller may see.
    """
    team = await see_team(work, name)
    order = (col(Profile.handle), col(Membership.id))
    query = (
        select(Membership, Profile, Person)
        .join(Profile, col(Profile.person_id) == col(Membership.person_id))
        .join(Person, col(Person.id) == col(Membership.person_id))
        .where(col(Membership.team_id) == team.id)
        .order_by(*order)
        .limit(size + 1)
    )
    if after is not None:
        query = query.where(sa.tuple_(*order) > sa.tuple_(sa.literal(str(after[0])), _id(after[1])))
    async with work.read() as session:
        rows = [_member(row, profile, person) for row, profile, person in await session.exec(query)]
    async with work.write():
        await work.record(Action.TEAM_READ, resource=Resource("team", team.id))
    return cut_page(rows, lambda item: (item.handle, str(item.id)), size)


async def see_team(work: UnitOfWork, name: str) -> Team:
    """Return a team to who may see it.

    Raises:
        NotFoundError: no such team, or none the caller may see.
    """
    async with work.read() as session:
        team = (await session.exec(select(Team).where(col(Team.name) == name))).first()
    if team is None:
        raise nothing()
    resource = Resource("team", team.id, {"team": team.name})
    await authorize_seen(work, Permission.TEAM_READ, resource, Permission.TEAM_READ)
    return team


def _id(value: str | int) -> sa.ColumnElement[UUID]:
    try:
        return sa.literal(UUID(str(value)), sa.Uuid())
    except ValueError:
        return sa.literal(UUID(int=0), sa.Uuid())


def _member(row: Membership, profile: Profile, person: Person) -> MemberRead:
    return MemberRead(
        id=row.id,
        person=row.person_id,
        handle=profile.handle,
        name=profile.name,
        role=row.role.value,
        managed_by=row.managed_by.value,
        state=person.state.value,
    )


async def _owners(session: AsyncSession, team_id: UUID) -> list[str]:
    query = (
        select(Profile.name)
        .join(Membership, col(Membership.person_id) == col(Profile.person_id))
        .where(col(Membership.team_id) == team_id, col(Membership.role) == TeamRole.OWNER)
    )
    return sorted(set(await session.exec(query)))


async def _items(session: AsyncSession, teams: Sequence[Team], now: int) -> list[TeamItem]:
    ids = [team.id for team in teams]
    people = sa.func.count(sa.distinct(col(Membership.person_id)))
    inside = select(Membership.team_id, people).where(col(Membership.team_id).in_(ids))
    members = dict((await session.exec(inside.group_by(col(Membership.team_id)))).all())
    owning = inside.where(col(Membership.role) == TeamRole.OWNER).group_by(col(Membership.team_id))
    owners = dict((await session.exec(owning)).all())
    made = select(Model.team_id, sa.func.count()).where(col(Model.team_id).in_(ids))
    models = dict((await session.exec(made.group_by(col(Model.team_id)))).all())
    held = select(Grant.principal_id, sa.func.count()).where(*_holds(ids, now))
    grants = dict((await session.exec(held.group_by(col(Grant.principal_id)))).all())
    return [
        TeamItem(
            id=team.id,
            name=team.name,
            members=members.get(team.id, 0),
            owners=owners.get(team.id, 0),
            models=models.get(team.id, 0),
            grants=grants.get(team.id, 0),
        )
        for team in teams
    ]


def _holds(ids: Sequence[UUID], now: int) -> list[sa.ColumnElement[bool]]:
    return [
        col(Grant.principal_type) == PrincipalType.TEAM,
        col(Grant.principal_id).in_(ids),
        col(Grant.revoked_at).is_(None),
        col(Grant.ends) > now,
    ]
