"""The versions of a model: those its route lists, with their share of calls, and those taken off it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from console.catalog.facts import RouteFacts
from console.models import Deployment, RouteTarget, Version


@dataclass(frozen=True, slots=True)
class Known:
    """A version that was bound to a deployment once; `weight` is None while the route does not list it."""

    version: Version
    deployment: Deployment
    weight: int | None

    @property
    def label(self) -> str:
        """The label callers use."""
        return self.version.label

    @property
    def evidence_kind(self) -> str:
        """By what it is known."""
        return self.version.evidence_kind


async def known_versions(session: AsyncSession, facts: RouteFacts) -> Sequence[Known]:
    """Return every version of the model, by label."""
    listing = sa.and_(
        col(RouteTarget.deployment_id) == col(Deployment.id), col(RouteTarget.route_id) == facts.route.id
    )
    query: Any = (
        select(Version, Deployment, RouteTarget.weight)
        .join(Deployment, col(Deployment.version_id) == col(Version.id))
        .outerjoin(RouteTarget, listing)
        .where(col(Version.model_id) == facts.model.id)
        .order_by(col(Version.label))
    )
    return [Known(*row) for row in await session.exec(query)]


async def listed_versions(session: AsyncSession, facts: RouteFacts) -> Sequence[Known]:
    """Return the versions that the route lists."""
    return [one for one in await known_versions(session, facts) if one.weight is not None]


def answering(versions: Sequence[Known]) -> frozenset[str]:
    """Return the labels that answer calls naming no version: all with a weight, else the last one."""
    listed = {one.label: one.weight for one in versions if one.weight is not None}
    weighted = frozenset(label for label, weight in listed.items() if weight)
    return weighted or frozenset([max(listed)] if listed else [])


def weights(versions: Sequence[Known]) -> Mapping[str, int]:
    """Return the share of calls of each listed version, by label."""
    return {one.label: one.weight for one in versions if one.weight is not None}
