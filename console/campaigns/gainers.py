"""Who keeps something by an answer: whoever holds a grant does not say that they still need it."""

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from policy.models import Change, Grant, PrincipalType
from sso.keys.selves import people_behind
from sso.links import accounts_by_person
from sso.models import Membership


async def gainers_of(session: AsyncSession, grants: Sequence[Grant]) -> dict[UUID, frozenset[UUID]]:
    """Return for each grant who gains by its staying: its holders, who stands behind them, who asked.

    Every account of each of these humans is among them.
    """
    asked = await _requesters(session, grants)
    teams = await _members(session, {one.principal_id for one in grants if _to_team(one)})
    behind = {
        one: await people_behind(session, one)
        for one in {*asked.values(), *(one.principal_id for one in grants if not _to_team(one))}
    }
    askers = {change: behind[person] for change, person in asked.items()}
    gainers = {
        one.id: askers.get(one.change_id, frozenset())
        | (teams.get(one.principal_id, frozenset()) if _to_team(one) else behind[one.principal_id])
        for one in grants
    }
    accounts = await accounts_by_person(session, {person for people in gainers.values() for person in people})
    return {
        grant: frozenset().union(*(accounts[person] for person in people))
        for grant, people in gainers.items()
    }


def _to_team(grant: Grant) -> bool:
    return grant.principal_type is PrincipalType.TEAM


async def _requesters(session: AsyncSession, grants: Sequence[Grant]) -> Mapping[UUID, UUID]:
    ids = {one.change_id for one in grants}
    return dict(
        (await session.exec(select(Change.id, Change.requester_id).where(col(Change.id).in_(ids)))).all()
    )


async def _members(session: AsyncSession, teams: Collection[UUID]) -> Mapping[UUID, frozenset[UUID]]:
    found: dict[UUID, set[UUID]] = {}
    query = select(Membership.team_id, Membership.person_id).where(col(Membership.team_id).in_(teams))
    for team, person in await session.exec(query):
        found.setdefault(team, set()).add(person)
    return {team: frozenset(people) for team, people in found.items()}
