"""Brings what a cluster serves into the catalog as drafts: never a route, never a new binding."""

import json
from dataclasses import dataclass
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from audit.event import Part
from audit.events import Action
from console.catalog.clusters import ServedVersion, check_address, served_versions
from console.catalog.forms import ClusterCreate
from console.errors import ConflictError, NotFoundError
from console.models import Cluster, Deployment
from console.questions import Resource
from console.work import UnitOfWork
from policy.permissions import Permission


@dataclass(frozen=True, slots=True)
class Synced:
    """What a sync saw: all versions served, and how many were new drafts."""

    served: int
    drafts: int


async def create_cluster(work: UnitOfWork, form: ClusterCreate) -> Cluster:
    """Add a cluster that already runs.

    Raises:
        InvalidInputError: its address is outside gateway.networks.
        ConflictError: the name is taken.
    """
    await work.authorize(Permission.CLUSTER_CREATE, Resource("cluster"))
    url = check_address(form.url, work.services.settings.gateway.networks)
    async with work.write() as session:
        if (await session.exec(select(Cluster).where(col(Cluster.name) == form.name))).first():
            raise ConflictError("There is a cluster by this name.", ("name_taken",))
        cluster = Cluster(name=form.name, kind="v2", url=url, state="new", created=work.now)
        session.add(cluster)
        part = Part(name="cluster", subject=None, content={"name": form.name, "url": url})
        await work.record(Action.CLUSTER_CREATE, resource=Resource("cluster", cluster.id), parts=[part])
    return cluster


async def sync_cluster(work: UnitOfWork, name: str) -> Synced:
    """Ask the cluster what it serves and keep it as drafts keyed by (cluster, upstream name, version).

    Raises:
        NotFoundError: no cluster by that name.
        ServiceUnavailableError: it does not answer.
    """
    async with work.read() as session:
        cluster = (await session.exec(select(Cluster).where(col(Cluster.name) == name))).first()
    await work.authorize(Permission.CLUSTER_SYNC, Resource("cluster", cluster.id if cluster else None))
    if cluster is None:
        raise NotFoundError("There is no cluster by this name.")
    served = await served_versions(work.services.http, cluster.url)
    async with work.write() as session:
        drafts = await _store(session, cluster.id, served, work.now)
        synced = Synced(len(served), drafts)
        content = {"cluster": name, "served": synced.served, "drafts": synced.drafts}
        await work.record(
            Action.CLUSTER_SYNC,
            resource=Resource("cluster", cluster.id),
            parts=[Part(name="cluster", subject=None, content=content)],
        )
    return synced


async def _store(session: AsyncSession, cluster_id: UUID, served: list[ServedVersion], now: int) -> int:
    cluster = await session.get_one(Cluster, cluster_id)
    cluster.state, cluster.seen = "ready", now
    session.add(cluster)
    known = await session.exec(select(Deployment).where(col(Deployment.cluster_id) == cluster_id))
    rows = {(row.upstream_name, row.upstream_version): row for row in known}
    seen = {(item.name, item.version): item for item in served}
    for key, row in rows.items():
        if key not in seen:
            row.state = "gone"
            session.add(row)
    for key, item in seen.items():
        session.add(_updated(rows.get(key), cluster_id, item, now))
    return len(seen.keys() - rows.keys())


def _updated(row: Deployment | None, cluster_id: UUID, item: ServedVersion, now: int) -> Deployment:
    found = row or Deployment(
        cluster_id=cluster_id, upstream_name=item.name, upstream_version=item.version, seen=now
    )
    found.platform, found.state, found.seen = item.platform, item.state, now
    found.inputs, found.outputs = json.dumps(list(item.inputs)), json.dumps(list(item.outputs))
    return found
