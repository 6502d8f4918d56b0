"""Brings what a cluster serves into the catalog as drafts: never a route, never a new binding."""

import json
from dataclasses import dataclass
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from audit.event import Outcome, Part
from audit.events import Action
from console.catalog.addresses import check_address
from console.catalog.clusters import ServedVersion, served_versions
from console.catalog.forms import ClusterCreate
from console.catalog.names import is_cluster_name
from console.catalog.rows import cluster_row
from console.errors import ConflictError, NotFoundError, ServiceUnavailableError
from console.first_days import first_days_flags
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
        InvalidInputError: its address is outside gateway.networks, or a service of ours.
        ConflictError: the name is taken.
    """
    await work.authorize(Permission.CLUSTER_CREATE, Resource("cluster"))
    address = await check_address(form.url, work.services.settings)
    async with work.write() as session:
        if (await session.exec(select(Cluster).where(col(Cluster.name) == form.name))).first():
            raise ConflictError("There is a cluster by this name.", ("name_taken",))
        cluster = Cluster(name=form.name, kind="v2", url=address.url, state="new", created=work.now)
        session.add(cluster)
        await work.record(
            Action.CLUSTER_CREATE,
            resource=Resource("cluster", cluster.id),
            rows=[cluster_row(cluster, work.now)],
            parts=[_part({"name": form.name, "url": address.url})],
            flags=await first_days_flags(work, session),
        )
    return cluster


async def sync_cluster(work: UnitOfWork, name: str) -> Synced:
    """Ask the cluster what it serves and keep it as drafts keyed by (cluster, upstream name, version).

    Raises:
        NotFoundError: no cluster by that name.
        InvalidInputError: its address is no longer one that clusters may have.
        ServiceUnavailableError: it does not answer as a cluster should; recorded, and nothing else is kept.
    """
    async with work.read() as session:
        cluster = await find_cluster(session, name)
    await work.authorize(Permission.CLUSTER_SYNC, Resource("cluster", cluster.id if cluster else None))
    if cluster is None:
        raise NotFoundError("There is no cluster by this name.")
    address = await check_address(cluster.url, work.services.settings)
    try:
        served = await served_versions(address)
    except ServiceUnavailableError as error:
        await _record_failure(work, cluster, error)
        raise
    async with work.write() as session:
        drafts = await _store(session, cluster.id, served, work.now)
        synced = Synced(len(served), drafts)
        content = {"name": name, "served": synced.served, "drafts": synced.drafts}
        resource = Resource("cluster", cluster.id)
        await work.record(Action.CLUSTER_SYNC, resource=resource, parts=[_part(content)])
    return synced


async def find_cluster(session: AsyncSession, name: str) -> Cluster | None:
    """Return the cluster called `name`, or None."""
    if not is_cluster_name(name):
        return None
    return (await session.exec(select(Cluster).where(col(Cluster.name) == name))).first()


def _part(content: dict[str, object]) -> Part:
    return Part(name="cluster", subject=None, content=content)


async def _record_failure(work: UnitOfWork, cluster: Cluster, error: ServiceUnavailableError) -> None:
    async with work.write() as session:
        found = await session.get_one(Cluster, cluster.id, with_for_update=True)
        found.state = "unreachable"
        session.add(found)
        await work.record(
            Action.CLUSTER_SYNC,
            resource=Resource("cluster", cluster.id),
            parts=[_part({"name": cluster.name})],
            reasons=error.reasons,
            outcome=Outcome.FAILURE,
        )


async def _store(session: AsyncSession, cluster_id: UUID, served: list[ServedVersion], now: int) -> int:
    cluster = await session.get_one(Cluster, cluster_id, with_for_update=True)
    cluster.state, cluster.seen = "ready", now
    session.add(cluster)
    known = await session.exec(select(Deployment).where(col(Deployment.cluster_id) == cluster_id))
    rows = {(row.upstream_name, row.upstream_version): row for row in known}
    seen = {(item.name, item.version): item for item in served}
    for key in rows.keys() - seen.keys():
        rows[key].state = "gone"
        session.add(rows[key])
    for key, item in seen.items():
        session.add(_updated(rows.get(key), cluster_id, item, now))
    return len(seen.keys() - rows.keys())


def _updated(row: Deployment | None, cluster_id: UUID, item: ServedVersion, now: int) -> Deployment:
    found = row or Deployment(
        cluster_id=cluster_id, upstream_name=item.name, upstream_version=item.version, seen=now
    )
    found.state, found.seen = "ready" if item.ready else "unavailable", now
    if item.described:
        found.platform = item.platform
        found.inputs, found.outputs = json.dumps(item.inputs), json.dumps(item.outputs)
    return found
