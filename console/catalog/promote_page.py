"""The page on which a version more is asked for: what its clusters serve by its names, and nobody bound."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final
from uuid import UUID

import sqlalchemy as sa
from pydantic import AfterValidator, Field, Json
from sqlalchemy.orm import aliased
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from console.catalog.binding import READY
from console.catalog.evidence import EvidenceKind
from console.catalog.explained import explain_access
from console.catalog.forms import Form as Input
from console.catalog.forms import Label, PromoteAsk, RouteDetail, Why, checked_card
from console.catalog.promoting import ask_promotion
from console.catalog.queries import route_detail
from console.changes.forms import ChangeCreated
from console.errors import InvalidInputError
from console.models import Cluster, Deployment, Route, RouteTarget, Tier
from console.web.forms import Form, read_form
from console.web.submitted import submit
from console.work import UnitOfWork
from policy.permissions import Permission

GONE: Final = "The cluster serves no such draft any more; choose another one."


class VersionForm(Input):
    """A draft by its id, the label callers are to use (without one, the cluster's own version), and why."""

    deployment: UUID
    label: Label | None = None
    default: bool = False
    evidence_kind: EvidenceKind = EvidenceKind.SERVED
    evidence: Annotated[str, Field(pattern=r"^([0-9a-f]{64})?$")] = ""
    artifact: Annotated[str, Field(max_length=255)] = ""
    card: Annotated[Json[dict[str, Any]], AfterValidator(checked_card)] = Field(default_factory=dict)
    reason: Why


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


@dataclass(frozen=True, slots=True)
class PromotePage:
    """A model, and what could be a version of it; a high tier takes an artifact only."""

    model: RouteDetail
    drafts: Sequence[Draft]
    evidence: str
    form: Form[VersionForm]


async def open_promotion(work: UnitOfWork, name: str, form: Form[VersionForm] | None = None) -> PromotePage:
    """Return the page on which a version more is asked for.

    Raises:
        NotFoundError: no such model, or none this principal may know of.
        RefusedError: the caller does not own it.
    """
    model = await route_detail(work, name)
    resource, _ = await explain_access(work, name)
    await work.authorize(Permission.MODEL_PUBLISH, resource)
    async with work.read() as session:
        drafts = await drafts_of(session, name)
    strongest = EvidenceKind.ARTIFACT if model.tier is Tier.HIGH else EvidenceKind.SERVED
    return PromotePage(model, drafts, strongest.value, form or Form())


async def send_promotion(
    work: UnitOfWork, name: str, typed: Mapping[str, str]
) -> tuple[Form[VersionForm], ChangeCreated | None]:
    """Ask for the version that was chosen; what was left empty is as if it were not there."""
    sent = read_form(VersionForm, {field: text for field, text in typed.items() if text})
    return await submit(sent, lambda data: _ask(work, name, data))


async def _ask(work: UnitOfWork, name: str, chosen: VersionForm) -> ChangeCreated:
    async with work.read() as session:
        draft = {one.id: one for one in await drafts_of(session, name)}.get(chosen.deployment)
    if draft is None:
        raise InvalidInputError(GONE, ("no_such_draft",), {"deployment": GONE})
    said = chosen.model_dump(exclude={"deployment", "label"})
    served = {field: getattr(draft, field) for field in ("cluster", "upstream_name", "upstream_version")}
    label = chosen.label or draft.upstream_version or "1"
    return await ask_promotion(work, name, PromoteAsk(**said, **served, label=label))


async def drafts_of(session: AsyncSession, name: str) -> Sequence[Draft]:
    """Return the drafts that a route's clusters serve by the names of its versions, the newest first."""
    bound = aliased(Deployment)
    same = sa.and_(
        col(Deployment.cluster_id) == bound.cluster_id, col(Deployment.upstream_name) == bound.upstream_name
    )
    query = (
        select(Deployment, Cluster.name)
        .join(Cluster, col(Cluster.id) == col(Deployment.cluster_id))
        .join(bound, same)
        .join(RouteTarget, col(RouteTarget.deployment_id) == bound.id)
        .join(Route, col(Route.id) == col(RouteTarget.route_id))
        .where(col(Route.name) == name, col(Deployment.version_id).is_(None), col(Deployment.state) == READY)
        .order_by(col(Deployment.id).desc())
        .distinct()
    )
    rows = (await session.exec(query)).all()
    return [Draft(row.id, cluster, row.upstream_name, row.upstream_version) for row, cluster in rows]
