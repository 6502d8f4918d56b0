"""How far an auditor's right reaches into the log: everything, or the entries about some teams' routes.

The log and the main tables are different databases, so teams become route ids before the log is asked.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from audit.models import entry
from console.models import Model, Route
from console.work import UnitOfWork
from policy import scope as scopes
from policy.permissions import Permission
from policy.scope import Condition, Operator, Scope
from sso.models import Team

COLUMNS: Final[Mapping[str, sa.ColumnElement[Any]]] = {"route": entry.c.resource_id, "person": entry.c.actor}


@dataclass(frozen=True, slots=True)
class Reach:
    """The condition every entry must fulfil, and the routes that may be named; None for all of them."""

    condition: sa.ColumnElement[bool]
    routes: frozenset[UUID] | None


async def read_reach(work: UnitOfWork) -> Reach:
    """Return how far the principal may read, from one policy call.

    Raises:
        PolicyUndecidedError: no answer could be had.
    """
    scope = await work.scope(Permission.AUDIT_READ)
    async with work.read() as session:
        owned = await _routes_by_team(session, sorted(_teams(scope)))
    routes = frozenset(route for found in owned.values() for route in found)
    everything = any(not parts for parts in scope.alternatives)
    return Reach(scopes.compile(_by_route(scope, owned), COLUMNS), None if everything else routes)


def _teams(scope: Scope) -> set[str]:
    parts = [part for parts in scope.alternatives for part in parts if part.field == "team"]
    return {str(name) for part in parts for name in _values(part)}


def _values(part: Condition) -> tuple[str | int, ...]:
    return part.value if isinstance(part.value, tuple) else (part.value,)


async def _routes_by_team(session: AsyncSession, teams: Sequence[str]) -> dict[str, list[UUID]]:
    wanted = (
        select(Team.name, Route.id)
        .join(Model, col(Model.team_id) == col(Team.id))
        .join(Route, col(Route.model_id) == col(Model.id))
        .where(col(Team.name).in_(teams))
    )
    found: dict[str, list[UUID]] = {}
    for name, route in await session.exec(wanted):
        found.setdefault(name, []).append(route)
    return found


def _by_route(scope: Scope, owned: Mapping[str, Sequence[UUID]]) -> Scope:
    translated = [tuple(_translated(part, owned) for part in parts) for parts in scope.alternatives]
    return replace(scope, alternatives=tuple(translated))


def _translated(part: Condition, owned: Mapping[str, Sequence[UUID]]) -> Condition:
    # A prefix of team names is not understood here; left alone, it is refused as an unknown field.
    if part.field != "team" or part.op is Operator.PREFIX:
        return part
    routes = [str(route) for name in _values(part) for route in owned.get(str(name), ())]
    return Condition("route", Operator.IN, tuple(routes))
