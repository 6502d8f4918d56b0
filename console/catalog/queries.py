"""Reads of the catalog. Lists go through one scope decision; rows outside it are never fetched."""

import json
from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from console.catalog.access import access_state, granted_routes, is_asked_for
from console.catalog.discovery import find_cluster
from console.catalog.facts import RouteFacts, covering_grants, find_route, nothing_here
from console.catalog.filters import COLUMNS, FACETS, RouteFilter, clean, conditions
from console.catalog.forms import ClusterRead, DeploymentRead, RouteDetail, RouteRead, VersionRead
from console.clock import seconds, to_text
from console.errors import NotFoundError
from console.models import Cluster, Deployment, Model, Route, RouteTarget, Version
from console.questions import Resource
from console.web.pagination import PAGE_SIZE, Key, KeysetPage, cut_page
from console.work import UnitOfWork
from policy import scope as scopes
from policy.decision import Document
from policy.models import Grant
from policy.permissions import Permission
from sso.models import Team

_LISTED: Final[tuple[Any, ...]] = (
    *(col(Route.id), col(Route.name), col(Route.state)),
    *(col(Model.title), col(Model.summary), col(Model.task)),
    *(col(Model.visibility), col(Model.tier), col(Model.data_class)),
    col(Team.name).label("team"),
)

__all__ = [
    "FACETS",
    "RouteFilter",
    "cluster_read",
    "count_facets",
    "list_clusters",
    "list_deployments",
    "list_routes",
    "route_detail",
    "route_read",
    "visible_routes",
]


async def list_routes(
    work: UnitOfWork, wanted: RouteFilter, after: Key | None, size: int = PAGE_SIZE
) -> KeysetPage[RouteRead]:
    """Return one page of the routes the principal may find, by name."""
    async with work.read() as session:
        grants = await covering_grants(session, work.principal.id)
        visible = await _visible(work, grants)
        query = _select(work.principal.id).where(visible, *conditions(wanted))
        if after is not None:
            query = query.where(col(Route.name) > clean(str(after[0])))
        found = (await session.exec(query.order_by(col(Route.name)).limit(size + 1))).all()
    granted = granted_routes((grant for grant, _ in grants), work.now)
    items = [_listed(row, granted) for row in found]
    return cut_page(items, lambda item: (item.name,), size)


async def count_facets(work: UnitOfWork, wanted: RouteFilter) -> dict[str, list[tuple[str, int]]]:
    """Return how many visible routes match, by facet and value; each facet ignores its own choice."""
    async with work.read() as session:
        visible = await visible_routes(work, session)
        return {name: await _count(session, visible, wanted, name) for name in FACETS}


async def _count(
    session: AsyncSession, visible: sa.ColumnElement[bool], wanted: RouteFilter, name: str
) -> list[tuple[str, int]]:
    others = RouteFilter(wanted.text, tuple(item for item in wanted.chosen if item[0] != name))
    query = (
        select(COLUMNS[name], sa.func.count())
        .select_from(Route)
        .join(Model, col(Model.id) == col(Route.model_id))
        .join(Team, col(Team.id) == col(Model.team_id))
        .where(visible, *conditions(others))
        .group_by(COLUMNS[name])
        .order_by(COLUMNS[name])
    )
    return [(str(value), count) for value, count in await session.exec(query)]


async def visible_routes(work: UnitOfWork, session: AsyncSession) -> sa.ColumnElement[bool]:
    """Return the condition that keeps exactly the routes this principal may find: one policy call."""
    return await _visible(work, await covering_grants(session, work.principal.id))


async def _visible(work: UnitOfWork, grants: Sequence[tuple[Grant, Document]]) -> sa.ColumnElement[bool]:
    # A grant that has ended shows nothing in a list; only a refusal speaks of it.
    now = seconds(work.now)
    asked = [document for grant, document in grants if seconds(grant.ends) > now]
    scope = await work.scope(Permission.MODEL_READ, asked)
    columns: dict[str, Any] = {
        "team": col(Team.name),
        "visibility": col(Model.visibility),
        "id": col(Route.id),
    }
    return scopes.compile(scope, columns)


def _select(person_id: UUID) -> Any:  # noqa: ANN401 - SQLModel's select of so many columns has no nameable type
    # Columns, not rows: a page makes no objects that nobody changes.
    return (
        sa.select(*_LISTED, is_asked_for(person_id).label("asked"))
        .select_from(Route)
        .join(Model, col(Model.id) == col(Route.model_id))
        .join(Team, col(Team.id) == col(Model.team_id))
    )


async def route_detail(work: UnitOfWork, name: str) -> RouteDetail:
    """Return one route with its card and versions.

    Raises:
        NotFoundError: no such route, or none this principal may know of.
    """
    async with work.read() as session:
        facts = await find_route(session, name)
        if facts is None:
            raise nothing_here()
        grants = await covering_grants(session, work.principal.id, [facts.route.id])
    await work.authorize(Permission.MODEL_READ, facts.resource([document for _, document in grants]))
    async with work.read() as session:
        asked = await _is_asked_for(session, facts.route.id, work.principal.id)
        versions = await _versions(session, facts.route.id)
    granted = facts.route.id in granted_routes((grant for grant, _ in grants), work.now)
    shown = route_read(facts, access_state(facts.model.visibility, granted=granted, asked=asked)).model_dump()
    return RouteDetail(
        **shown,
        purpose=facts.model.purpose,
        card=json.loads(facts.model.card),
        stop_reason=facts.route.stop_reason,
        versions=versions,
    )


async def _is_asked_for(session: AsyncSession, route_id: UUID, person_id: UUID) -> bool:
    query = select(is_asked_for(person_id)).select_from(Route).where(col(Route.id) == route_id)
    return bool((await session.exec(query)).first())


async def _versions(session: AsyncSession, route_id: UUID) -> list[VersionRead]:
    query = (
        select(RouteTarget, Deployment, Version)
        .join(Deployment, col(Deployment.id) == col(RouteTarget.deployment_id))
        .join(Version, col(Version.id) == col(Deployment.version_id))
        .where(col(RouteTarget.route_id) == route_id)
        .order_by(col(RouteTarget.weight).desc(), col(RouteTarget.label).desc())
    )
    return [_version_read(*row) for row in await session.exec(query)]


def _version_read(target: RouteTarget, deployment: Deployment, version: Version) -> VersionRead:
    return VersionRead(
        label=target.label,
        weight=target.weight,
        state=deployment.state,
        evidence_kind=version.evidence_kind,
        evidence=version.evidence,
        served=version.served,
        differs=[name for name in deployment.differs.split(",") if name],
        inputs=json.loads(deployment.inputs),
        outputs=json.loads(deployment.outputs),
        card=json.loads(version.card),
    )


def _listed(row: Any, granted: set[UUID]) -> RouteRead:  # noqa: ANN401 - a row of `_select`
    access = access_state(row.visibility, granted=row.id in granted, asked=row.asked)
    return RouteRead(
        name=row.name,
        title=row.title,
        summary=row.summary,
        task=row.task,
        team=row.team,
        visibility=row.visibility,
        tier=row.tier,
        data_class=row.data_class,
        state=row.state.value,
        access=access,
    )


def route_read(facts: RouteFacts, access: str) -> RouteRead:
    """Return the route as the marketplace shows it."""
    return RouteRead(
        name=facts.route.name,
        title=facts.model.title,
        summary=facts.model.summary,
        task=facts.model.task,
        team=facts.team.name,
        visibility=facts.model.visibility,
        tier=facts.model.tier,
        data_class=facts.model.data_class,
        state=facts.route.state.value,
        access=access,
    )


async def list_clusters(work: UnitOfWork) -> Sequence[ClusterRead]:
    """Return every cluster, by name."""
    await work.authorize(Permission.CLUSTER_READ, Resource("cluster"))
    async with work.read() as session:
        rows = (await session.exec(select(Cluster).order_by(col(Cluster.name)))).all()
    return [cluster_read(row) for row in rows]


def cluster_read(row: Cluster) -> ClusterRead:
    """Return a cluster as admins see it."""
    seen = to_text(row.seen) if row.seen else None
    return ClusterRead(id=row.id, name=row.name, kind=row.kind, url=row.url, state=row.state, seen=seen)


async def list_deployments(work: UnitOfWork, cluster: str) -> Sequence[DeploymentRead]:
    """Return what a cluster serves, drafts included.

    Raises:
        NotFoundError: no cluster by that name.
    """
    await work.authorize(Permission.CLUSTER_READ, Resource("cluster"))
    async with work.read() as session:
        found = await find_cluster(session, cluster)
        if found is None:
            raise NotFoundError("There is no cluster by this name.")
        query = select(Deployment).where(col(Deployment.cluster_id) == found.id)
        order = col(Deployment.upstream_name), col(Deployment.upstream_version)
        rows = (await session.exec(query.order_by(*order))).all()
    return [
        DeploymentRead(
            cluster=cluster,
            upstream_name=row.upstream_name,
            upstream_version=row.upstream_version,
            state=row.state,
            draft=row.version_id is None,
        )
        for row in rows
    ]
