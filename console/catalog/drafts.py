"""Drafts: what the clusters serve and no version is bound to, as people choose one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import aliased
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from console.catalog.binding import READY
from console.models import Cluster, Deployment, Route, RouteTarget

MOST: Final = 500
"""How many a page offers; others are reached from their cluster."""
ServedName = tuple[str, str, str]
"""A cluster, and its words for a model and its version."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What a cluster serves and no version is bound to."""

    id: UUID
    cluster: str
    upstream_name: str
    upstream_version: str

    @property
    def shown(self) -> str:
        """Return how people choose it."""
        return f"{self.upstream_name} {self.upstream_version}".strip() + f" on {self.cluster}"

    @property
    def served(self) -> dict[str, str]:
        """Return the cluster's words for it, as publishing takes them."""
        return {
            "cluster": self.cluster,
            "upstream_name": self.upstream_name,
            "upstream_version": self.upstream_version,
        }


async def list_drafts(session: AsyncSession) -> Sequence[Draft]:
    """Return the newest drafts of all clusters."""
    return await _read(session, _select().limit(MOST))


async def find_served(session: AsyncSession, served: ServedName) -> Draft | None:
    """Return the draft that a cluster serves by this name and version, or None."""
    cluster, name, version = served
    query = _select().where(
        col(Cluster.name) == cluster,
        col(Deployment.upstream_name) == name,
        col(Deployment.upstream_version) == version,
    )
    return next(iter(await _read(session, query)), None)


async def find_chosen(session: AsyncSession, deployment: UUID) -> Draft | None:
    """Return the draft with this id, or None."""
    return next(iter(await _read(session, _select().where(col(Deployment.id) == deployment))), None)


async def drafts_of(session: AsyncSession, name: str) -> Sequence[Draft]:
    """Return the drafts that a route's clusters serve by the names of its versions, the newest first."""
    bound = aliased(Deployment)
    same = sa.and_(
        col(Deployment.cluster_id) == bound.cluster_id, col(Deployment.upstream_name) == bound.upstream_name
    )
    query = (
        _select()
        .join(bound, same)
        .join(RouteTarget, col(RouteTarget.deployment_id) == bound.id)
        .join(Route, col(Route.id) == col(RouteTarget.route_id))
        .where(col(Route.name) == name)
    )
    return await _read(session, query.distinct())


def _select() -> Any:  # noqa: ANN401 - SQLModel's select of so many columns has no nameable type
    return (
        select(Deployment, Cluster.name)
        .join(Cluster, col(Cluster.id) == col(Deployment.cluster_id))
        .where(col(Deployment.version_id).is_(None), col(Deployment.state) == READY)
        .order_by(col(Deployment.id).desc())
    )


async def _read(session: AsyncSession, query: Any) -> Sequence[Draft]:  # noqa: ANN401 - `_select`'s
    rows = (await session.exec(query)).all()
    return [Draft(row.id, cluster, row.upstream_name, row.upstream_version) for row, cluster in rows]
