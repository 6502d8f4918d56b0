"""Binds a draft to a version of a model, with the evidence by which it is known from then on."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from console.catalog.artifacts import Artifacts, UnreadableArtifactError, check_place
from console.catalog.evidence import EvidenceKind, served_digest, served_of, served_text
from console.catalog.forms import ServedAs, card_text
from console.catalog.rows import deployment_row, target_row, version_row
from console.errors import InvalidInputError
from console.models import Cluster, Deployment, Model, Route, RouteTarget, Tier, Version
from console.services import Services
from console.work import Row

READY: Final = "ready"
NEEDS_ARTIFACT: Final = "A model of tier high needs an artifact that the console can read."
NO_DIGEST: Final = "Say the SHA-256 of what was built, in hex, or take what the cluster reports as evidence."
OTHER_DIGEST: Final = "The artifact that the console reads has another digest."


def refuse(reason: str, sentence: str) -> InvalidInputError:
    """Return the error that tells what is wrong with the versions."""
    return InvalidInputError(sentence, (reason,), {"versions": sentence})


async def read_artifacts(services: Services, tier: Tier, versions: Sequence[ServedAs]) -> Mapping[str, str]:
    """Return the digests of the artifacts by label; before the transaction, for files are read.

    Raises:
        InvalidInputError: the tier needs an artifact, there is none to read, or it has another digest.
    """
    if tier is Tier.HIGH and any(one.evidence_kind is not EvidenceKind.ARTIFACT for one in versions):
        raise refuse("artifact_required", NEEDS_ARTIFACT)
    artifacts = Artifacts(services.settings.artifacts)
    found = {}
    for one in versions:
        if one.evidence_kind is EvidenceKind.ARTIFACT:
            found[one.label] = await asyncio.to_thread(_digest, artifacts, one)
    return found


def _digest(artifacts: Artifacts, served: ServedAs) -> str:
    try:
        found = artifacts.digest(served.cluster, check_place(served.artifact))
    except UnreadableArtifactError as error:
        raise refuse("artifact_unreadable", str(error)) from None
    if served.evidence and served.evidence != found:
        raise refuse("evidence_differs", OTHER_DIGEST)
    return found


async def bind_version(
    session: AsyncSession, owner: tuple[Model, Route], served: ServedAs, digest: str | None, now: int
) -> list[Row]:
    """Add a version to a route; `digest` is its artifact's, where it is known by one.

    Raises:
        InvalidInputError: the deployment is not a draft that the cluster serves, or the evidence is none.
    """
    model, route = owner
    draft = await find_draft(session, served, for_change=True)
    version = _version(model.id, draft, served, digest, now)
    session.add(version)
    await session.flush()
    draft.version_id = version.id
    target = RouteTarget(route_id=route.id, deployment_id=draft.id, label=served.label, weight=served.weight)
    session.add_all([draft, target])
    return [version_row(version, now), deployment_row(draft, now), target_row(target, now)]


def _version(model_id: UUID, draft: Deployment, served: ServedAs, digest: str | None, now: int) -> Version:
    text = served_text(served_of(draft))
    reported = served_digest(text)
    return Version(
        model_id=model_id,
        label=served.label,
        evidence_kind=served.evidence_kind.value,
        evidence=evidence_of(served, reported, digest),
        served=reported,
        served_as=text,
        artifact=served.artifact if digest else "",
        card=card_text(served.card),
        created=now,
    )


def evidence_of(served: ServedAs, reported: str, digest: str | None) -> str:
    """Return the digest by which a version is known, for its kind of evidence.

    Raises:
        InvalidInputError: none was declared, or the cluster reports something else.
    """
    if digest is not None:
        return digest
    if served.evidence_kind is EvidenceKind.DECLARED:
        if not served.evidence:
            raise refuse("evidence_missing", NO_DIGEST)
        return served.evidence
    if served.evidence and served.evidence != reported:
        raise refuse("evidence_differs", "The cluster reports something else.")
    return reported


async def find_draft(session: AsyncSession, served: ServedAs, *, for_change: bool = False) -> Deployment:
    """Return the draft that is to be bound; `for_change` keeps another from binding it meanwhile.

    Raises:
        InvalidInputError: the cluster serves none by that name, or it is bound already.
    """
    query = (
        select(Deployment)
        .join(Cluster, col(Cluster.id) == col(Deployment.cluster_id))
        .where(col(Cluster.name) == served.cluster)
        .where(col(Deployment.upstream_name) == served.upstream_name)
        .where(col(Deployment.upstream_version) == served.upstream_version)
        .execution_options(populate_existing=True)
    )
    if for_change:
        query = query.with_for_update(of=Deployment)  # two who bind one at once: the second sees it bound
    draft = (await session.exec(query)).first()
    if draft is None or draft.version_id is not None or draft.state != READY:
        wanted = f"{served.upstream_name} {served.upstream_version}".strip()
        raise refuse("no_such_draft", f"{served.cluster} serves no unpublished {wanted}.")
    return draft
