"""The worker's poll of the clusters: a version that is no longer what was approved takes no more calls.

Every ten seconds each cluster is asked about the versions that routes list on it, and artifacts are read
again. The difference is written in one transaction, which every gateway reads at its next call.
"""

import asyncio
import contextlib
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy.exc import DBAPIError
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from audit.event import Part
from audit.events import Action
from console.catalog.addresses import check_address
from console.catalog.artifacts import Artifacts, UnreadableArtifactError
from console.catalog.clusters import ServedVersion, reported_versions
from console.catalog.evidence import ARTIFACT, EvidenceKind, differing, served_digest, served_text
from console.catalog.rows import deployment_row
from console.errors import ConsoleError
from console.models import Cluster, Deployment, Route, RouteTarget, Version
from console.questions import Origin, Resource
from console.services import Services
from console.work import UnitOfWork
from sso.principal import system_principal

EVERY_SECONDS: Final = 10.0
ANSWER_SECONDS: Final = 8.0
"""Less than a round, so that a cluster that hangs delays nobody else's next poll."""
UNREADABLE: Final = "unreadable"
logger = logging.getLogger("guildhall.worker")


@dataclass(frozen=True, slots=True)
class Bound:
    """A version that a route lists, and the deployment that serves it."""

    route: str
    version: Version
    deployment: Deployment

    @property
    def key(self) -> tuple[str, str]:
        """The cluster's words for it."""
        return self.deployment.upstream_name, self.deployment.upstream_version


@dataclass(frozen=True, slots=True)
class Found:
    """What a poll found of one bound version: which members differ, and the digest that stands for it now."""

    bound: Bound
    fields: tuple[str, ...]
    approved: str
    found: str | None


class EvidencePoll:
    """Compares what clusters serve with what was approved."""

    def __init__(self, services: Services) -> None:
        """Poll the clusters of `services`."""
        self._services = services
        self._artifacts = Artifacts(services.settings.artifacts)

    async def look(self) -> int:
        """Ask every cluster once; return how many versions came to differ, or to be as approved again.

        Raises:
            DBAPIError, ConsoleError: what was found could not be kept.
        """
        async with self._services.database.read() as session:
            clusters = list(await session.exec(select(Cluster)))
            bound = {one.id: await _bound(session, one) for one in clusters}
        asked = await asyncio.gather(*(self._ask(one, bound[one.id]) for one in clusters))
        changed = 0
        for cluster, found in zip(clusters, asked, strict=True):
            changed += await self._keep(cluster, found)
        return changed

    async def run(self, stop: asyncio.Event) -> None:
        """Look every ten seconds until `stop` is set; an outage is waited out."""
        loop = asyncio.get_running_loop()
        while not stop.is_set():
            began = loop.time()
            try:
                if changed := await self.look():
                    logger.error(
                        "%d versions have come to differ from what was approved, or no more.", changed
                    )
            except (DBAPIError, ConsoleError):
                logger.exception("It could not be looked whether clusters serve what was approved")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), max(0.0, began + EVERY_SECONDS - loop.time()))

    async def _ask(self, cluster: Cluster, bound: Sequence[Bound]) -> list[Found] | None:
        """Return what the cluster serves now, and what its artifacts are; None when it says nothing."""
        found = [await asyncio.to_thread(self._read, cluster.name, one) for one in bound]
        try:
            address = await check_address(cluster.url, self._services.settings)
            said = await reported_versions(address, [one.key for one in bound], ANSWER_SECONDS)
        except ConsoleError:
            said = {}
            if not any(found):
                return None
        return [judge(one, said, artifact) for one, artifact in zip(bound, found, strict=True)]

    def _read(self, cluster: str, bound: Bound) -> str | None:
        """Return the digest of the artifact now, where the version is known by one that is read."""
        if bound.version.evidence_kind != EvidenceKind.ARTIFACT or not bound.version.artifact:
            return None
        try:
            return self._artifacts.digest(cluster, bound.version.artifact)
        except UnreadableArtifactError:
            return UNREADABLE

    async def _keep(self, cluster: Cluster, found: Sequence[Found] | None) -> int:
        if found is None:
            return 0
        changed = [one for one in found if ",".join(one.fields) != one.bound.deployment.differs]
        if not changed:
            return 0
        work = UnitOfWork(self._services, system_principal("worker"), Origin("worker"))
        async with work.write() as session:
            for one in changed:
                await _write(work, session, cluster, one)
        return len(changed)


def judge(bound: Bound, said: Mapping[tuple[str, str], ServedVersion | None], artifact: str | None) -> Found:
    """Compare one version with what the cluster said of it and with the digest of its artifact.

    A cluster that said nothing of it changes nothing about what it was last found to serve.
    """
    version = bound.version
    if bound.key in said:
        served = _served(said[bound.key])
        fields = differing(version, served)
        found = served_digest(served_text(served)) if served is not None else None
    else:
        known = bound.deployment.differs.split(",")
        fields, found = tuple(name for name in known if name and name != ARTIFACT), None
    if artifact is not None and artifact != version.evidence:
        return Found(
            bound, (*fields, ARTIFACT), version.evidence, None if artifact == UNREADABLE else artifact
        )
    return Found(bound, fields, version.served, found)


def _served(said: ServedVersion | None) -> dict[str, object] | None:
    if said is None:
        return None
    return {
        "name": said.name,
        "version": said.version,
        "platform": said.platform,
        "inputs": list(said.inputs),
        "outputs": list(said.outputs),
    }


async def _bound(session: AsyncSession, cluster: Cluster) -> list[Bound]:
    query = (
        select(Route.name, Version, Deployment)
        .join(RouteTarget, col(RouteTarget.route_id) == col(Route.id))
        .join(Deployment, col(Deployment.id) == col(RouteTarget.deployment_id))
        .join(Version, col(Version.id) == col(Deployment.version_id))
        .where(col(Deployment.cluster_id) == cluster.id)
        .order_by(col(Deployment.id))
    )
    return [Bound(*row) for row in await session.exec(query)]


async def _write(work: UnitOfWork, session: AsyncSession, cluster: Cluster, one: Found) -> None:
    row = await session.get_one(Deployment, one.bound.deployment.id, with_for_update=True)
    row.differs = ",".join(one.fields)
    session.add(row)
    told = {
        "route": one.bound.route,
        "version": one.bound.version.label,
        "cluster": cluster.name,
        "fields": list(one.fields),
        "approved": one.approved,
        "found": one.found,
    }
    await work.record(
        Action.VERSION_DIFFER if one.fields else Action.VERSION_CONFIRM,
        resource=Resource("version", one.bound.version.id),
        rows=[deployment_row(row, work.now)],
        parts=[Part(name="difference", subject=None, content=told)],
    )
