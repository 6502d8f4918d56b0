"""What a decision may know of a route: its model's facts, and the grants that could cover the caller."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from console.catalog.names import is_route_name
from console.clock import seconds
from console.errors import NotFoundError
from console.models import Model, Route
from console.questions import Resource
from policy.decision import Document
from policy.models import Grant, PrincipalType
from policy.permissions import Permission
from sso.models import Membership, Team

OWN: Final = (PrincipalType.PERSON, PrincipalType.SERVICE)
"""Who holds a grant by themselves."""


@dataclass(frozen=True, slots=True)
class RouteFacts:
    """A route with its model and the team that owns it."""

    route: Route
    model: Model
    team: Team

    def resource(
        self,
        grants: Sequence[Document] = (),
        receiving_team: str | None = None,
        receiving_service: UUID | None = None,
        receiving_person: UUID | None = None,
    ) -> Resource:
        """Return the route as a decision's resource."""
        facts: dict[str, object] = {
            "team": self.team.name,
            "visibility": self.model.visibility.value,
            "state": self.route.state.value,
            "name": self.route.name,
            "tier": self.model.tier.value,
            "data_class": self.model.data_class.value,
        }
        if receiving_team is not None:
            facts["receiving_team"] = receiving_team
        if receiving_service is not None:
            facts["receiving_service"] = str(receiving_service)
        if receiving_person is not None:
            facts["receiving_person"] = str(receiving_person)
        return Resource("route", self.route.id, facts, tuple(grants))


def nothing_here() -> NotFoundError:
    """Return the one answer for what does not exist and for what the principal may not know of."""
    return NotFoundError("There is nothing here by that name.", ("not_found",))


async def find_route(session: AsyncSession, name: str) -> RouteFacts | None:
    """Return the route called `name`, or None."""
    if not is_route_name(name):
        return None
    return await _one(session, col(Route.name) == name)


async def route_by_id(session: AsyncSession, route_id: UUID, *, for_change: bool = False) -> RouteFacts:
    """Return the route with `route_id`; with `for_change` nobody makes its model another one meanwhile.

    Raises:
        NotFoundError: there is none.
    """
    found = await _one(session, col(Route.id) == route_id, for_change=for_change)
    if found is None:
        raise nothing_here()
    return found


async def _one(
    session: AsyncSession, condition: sa.ColumnElement[bool], *, for_change: bool = False
) -> RouteFacts | None:
    query = (
        select(Route, Model, Team)
        .join(Model, col(Model.id) == col(Route.model_id))
        .join(Team, col(Team.id) == col(Model.team_id))
        .where(condition)
    )
    if for_change:
        query = query.with_for_update(read=True, of=Model).execution_options(populate_existing=True)
    row = (await session.exec(query)).first()
    return RouteFacts(*row) if row else None


async def covering_grants(
    session: AsyncSession, person_id: UUID, route_ids: Sequence[UUID] | None = None
) -> list[tuple[Grant, Document]]:
    """Return the unrevoked grants that name the person or its teams, each with its policy document.

    With `route_ids` only those on these routes. Ended grants are included, so that a refusal can say
    that access has ended.
    """
    holder = _holders(person_id)
    of_holder = sa.and_(
        sa.type_coerce(col(Grant.principal_type), sa.String) == holder.c.kind,
        col(Grant.principal_id) == holder.c.id,
    )
    query = (
        select(Grant, col(Team.name))
        .join(holder, of_holder)
        .outerjoin(Team, col(Team.id) == col(Grant.principal_id))
        .where(col(Grant.revoked_at).is_(None))
        .where(col(Grant.permission) == Permission.MODEL_INVOKE.value)
    )
    if route_ids is not None:
        query = query.where(col(Grant.resource_id).in_(route_ids))
    return [(grant, grant_document(grant, team)) for grant, team in await session.exec(query)]


def _holders(person_id: UUID) -> sa.Subquery:
    """Return who may hold a grant that covers a person: its teams and itself, each once.

    A table to join, and not one alternative or the other: of that both databases have an index.
    """

    def named(one: PrincipalType, principal: Any) -> sa.Select[Any]:  # noqa: ANN401 - an id, or its column
        return sa.select(sa.literal(one.value).label("kind"), principal.label("id"))

    teams = named(PrincipalType.TEAM, col(Membership.team_id)).where(col(Membership.person_id) == person_id)
    own = [named(one, sa.literal(person_id, sa.Uuid())) for one in OWN]
    return sa.union(teams, *own).subquery("holder")


def grant_document(grant: Grant, team: str | None) -> Document:
    """Return the grant as policy documents show it: teams by name, times in seconds."""
    return {
        "permission": grant.permission,
        "resource_id": str(grant.resource_id),
        "principal_type": grant.principal_type.value,
        "principal_id": team or str(grant.principal_id),
        "starts": seconds(grant.starts),
        "ends": seconds(grant.ends),
        "id": str(grant.id),
    }


async def route_resource(session: AsyncSession, facts: RouteFacts, person_id: UUID) -> Resource:
    """Return the route as a resource, with the grants that could cover the person."""
    grants = await covering_grants(session, person_id, [facts.route.id])
    return facts.resource([document for _, document in grants])
