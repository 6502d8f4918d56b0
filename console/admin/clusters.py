"""Clusters with what they serve, as the page shows them, and the form that moves one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from console.catalog.cluster_change import move_cluster
from console.catalog.discovery import find_cluster
from console.catalog.forms import ClusterCreate, ClusterMove, ClusterRead, DeploymentRead
from console.catalog.publishers import may_publish
from console.catalog.queries import cluster_read, list_clusters, list_deployments
from console.changes.carrying import Carried
from console.changes.seen import nothing
from console.questions import Resource
from console.web.forms import Form, read_form
from console.web.submitted import submit
from console.work import UnitOfWork
from policy.permissions import Permission


@dataclass(frozen=True, slots=True)
class Serving:
    """A cluster and its deployments; drafts are served but not published."""

    cluster: ClusterRead
    deployments: Sequence[DeploymentRead]

    @property
    def drafts(self) -> int:
        """How many wait to be published."""
        return sum(item.draft for item in self.deployments)


@dataclass(frozen=True, slots=True)
class Clusters:
    """What the page of clusters shows."""

    serving: Sequence[Serving]
    networks: Sequence[str]
    may_change: bool
    may_publish: bool
    form: Form[ClusterCreate]


async def open_clusters(work: UnitOfWork, form: Form[ClusterCreate] | None = None) -> Clusters:
    """Return every cluster with what it serves.

    Raises:
        RefusedError: the principal may not see clusters.
    """
    clusters = await list_clusters(work)
    return Clusters(
        serving=[Serving(one, await list_deployments(work, one.name)) for one in clusters],
        networks=work.services.settings.gateway.networks,
        may_change=await work.allowed(Permission.CLUSTER_CREATE, Resource("cluster")),
        may_publish=await may_publish(work),
        form=form or Form(),
    )


@dataclass(frozen=True, slots=True)
class MovePage:
    """A cluster that is to have another address, inside one of the `networks`."""

    cluster: ClusterRead
    networks: Sequence[str]
    form: Form[ClusterMove]


async def open_move(work: UnitOfWork, name: str, form: Form[ClusterMove] | None = None) -> MovePage:
    """Return the page on which a cluster is given another address.

    Raises:
        RefusedError: the principal looks after no clusters.
        NotFoundError: no cluster by that name.
    """
    await work.authorize(Permission.CLUSTER_CREATE, Resource("cluster"))
    async with work.read() as session:
        found = await find_cluster(session, name)
    if found is None:
        raise nothing()
    return MovePage(cluster_read(found), work.services.settings.gateway.networks, form or Form())


async def send_move(
    work: UnitOfWork, name: str, typed: Mapping[str, str]
) -> tuple[Form[ClusterMove], Carried | None]:
    """Do or ask for what was typed."""
    return await submit(read_form(ClusterMove, typed), lambda data: move_cluster(work, name, data))
