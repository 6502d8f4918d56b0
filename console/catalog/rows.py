"""The canonical rows of the catalog: what history keeps of everything a decision reads."""

import hashlib

from console.models import Cluster, Deployment, Model, Route, RouteTarget, Version
from console.work import Row


def route_row(route: Route, now: int) -> Row:
    """Return the state of a route as history keeps it."""
    state = {"name": route.name, "model_id": str(route.model_id), "state": route.state.value}
    return Row("route", route.id, state, now)


def model_row(model: Model, now: int) -> Row:
    """Return the state of a model as far as decisions read it, and the hash of its purpose."""
    state = {
        "namespace": model.namespace,
        "name": model.name,
        "team_id": str(model.team_id),
        "visibility": model.visibility.value,
        "tier": model.tier.value,
        "data_class": model.data_class.value,
        "purpose": _digest(model.purpose),
    }
    return Row("model", model.id, state, now)


def version_row(version: Version, now: int) -> Row:
    """Return the state of a version and the hash of the evidence it is bound to."""
    state = {
        "model_id": str(version.model_id),
        "label": version.label,
        "evidence_kind": version.evidence_kind,
        "evidence": _digest(version.evidence),
        # Not in rows from before this was kept: their states stay what history has of them.
        **({"served": version.served, "served_as": _digest(version.served_as)} if version.served else {}),
        **({"artifact": _digest(version.artifact)} if version.artifact else {}),
    }
    return Row("version", version.id, state, now)


def target_row(target: RouteTarget, now: int, *, gone: bool = False) -> Row:
    """Return one deployment a route lists, with its weight; or its end."""
    state = {
        "route_id": str(target.route_id),
        "deployment_id": str(target.deployment_id),
        "label": target.label,
        "weight": target.weight,
    }
    return Row("route_target", target.id, None if gone else state, now)


def cluster_row(cluster: Cluster, now: int) -> Row:
    """Return where a cluster is: whoever moves it moves every call on its deployments."""
    return Row("cluster", cluster.id, {"name": cluster.name, "kind": cluster.kind, "url": cluster.url}, now)


def deployment_row(deployment: Deployment, now: int) -> Row:
    """Return what a published version is called on its cluster, and how it differs from what was approved."""
    state = {
        "cluster_id": str(deployment.cluster_id),
        "upstream_name": deployment.upstream_name,
        "upstream_version": deployment.upstream_version,
        "version_id": str(deployment.version_id) if deployment.version_id else None,
        **({"differs": deployment.differs} if deployment.differs else {}),
    }
    return Row("deployment", deployment.id, state, now)


def _digest(text: str) -> str:
    """Return what tells two texts apart and repeats neither: history is kept for ever."""
    return hashlib.sha256(text.encode()).hexdigest()
