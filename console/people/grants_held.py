"""The routes somebody may call: by whose grant, who approved it, and until when."""

from collections.abc import Mapping, Sequence
from typing import TypeVar
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from console.catalog.facts import covering_grants
from console.changes.shown import people_by_id
from console.clock import to_text
from console.models import Route
from console.people.shown import HeldGrant
from policy.models import Change, Grant, Review, ReviewDecision
from sso.models import Team

Named = TypeVar("Named", Route, Team, Change)


async def grants_held(session: AsyncSession, person_id: UUID, now: int) -> list[HeldGrant]:
    """Return every unrevoked grant that covers a person, those in force first."""
    grants = [grant for grant, _ in await covering_grants(session, person_id)]
    routes = await _by_id(session, Route, [grant.resource_id for grant in grants])
    teams = await _by_id(session, Team, [grant.principal_id for grant in grants])
    changes = await _by_id(session, Change, [grant.change_id for grant in grants])
    approvers = await _approvers(session, list(changes))
    found = []
    for grant in grants:
        change, team = changes.get(grant.change_id), teams.get(grant.principal_id)
        own = change.id if change and change.requester_id == person_id else None
        holder = f"team {team.name}" if team else "you"
        names = approvers.get(grant.change_id, [])
        found.append(_held(grant, routes[grant.resource_id].name, (holder, own, names), now))
    return sorted(found, key=lambda item: (item.state != "granted", item.route))


def _held(grant: Grant, route: str, because: tuple[str, UUID | None, Sequence[str]], now: int) -> HeldGrant:
    holder, request, approvers = because
    return HeldGrant(
        id=grant.id,
        route=route,
        holder=holder,
        starts=to_text(grant.starts),
        ends=to_text(grant.ends),
        state="granted" if grant.starts <= now < grant.ends else "expired",
        request=request,
        approved_by=list(approvers),
    )


async def _approvers(session: AsyncSession, changes: Sequence[UUID]) -> Mapping[UUID, list[str]]:
    query = select(Review).where(
        col(Review.change_id).in_(changes), col(Review.decision) == ReviewDecision.APPROVE
    )
    reviews = (await session.exec(query.order_by(col(Review.created)))).all()
    people = await people_by_id(session, [review.reviewer_id for review in reviews])
    found: dict[UUID, list[str]] = {}
    for review in reviews:
        found.setdefault(review.change_id, []).append(people[review.reviewer_id].shown)
    return found


async def _by_id(session: AsyncSession, table: type[Named], ids: Sequence[UUID]) -> Mapping[UUID, Named]:
    rows = await session.exec(select(table).where(col(table.id).in_(set(ids))))
    return {row.id: row for row in rows}
