"""Clusters with what they serve, as the page shows them."""

from collections.abc import Sequence
from dataclasses import dataclass

from console.catalog.forms import ClusterCreate, ClusterRead, DeploymentRead
from console.catalog.queries import list_clusters, list_deployments
from console.questions import Resource
from console.web.forms import Form
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
        form=form or Form(),
    )
