"""Another default among the versions that a model has already: it takes two people, as a new one does.

So what was promoted is taken back the same way: the version before is still bound to what was approved.
"""

from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from console.catalog.binding import NEEDS_ARTIFACT, READY
from console.catalog.evidence import EvidenceKind, differing, served_of
from console.catalog.facts import RouteFacts, find_route, nothing_here
from console.catalog.forms import DefaultAsk
from console.catalog.found import authorize_route
from console.catalog.listed import Known, answering, known_versions, weights
from console.catalog.rows import target_row
from console.changes.asking import propose
from console.changes.forms import ChangeCreated, Consequence
from console.changes.kinds import Content, KeptChange, Objection, Subject
from console.errors import InvalidInputError
from console.models import Route, RouteTarget, Tier
from console.work import Row, UnitOfWork
from policy.models import ChangeKind
from policy.permissions import Permission

ACT: Final = "default"
WHOLE: Final = 100
NO_VERSION: Final = "The model has no version by this label."
MOVED: Final = "The model, or what answers by default, is another one by now; ask anew."
DIFFERS: Final = "This version is no longer what was approved; its calls are refused."


async def ask_default(work: UnitOfWork, name: str, form: DefaultAsk) -> ChangeCreated:
    """Ask that a version the model has already answers every call that names none.

    Raises:
        NotFoundError: no such route, or none the caller may know of.
        RefusedError: the caller does not own the model's team.
        InvalidInputError: the model has no version by this label.
        ConflictError: it answers already, is no longer what was approved, or the same is pending.
    """
    facts, _ = await authorize_route(work, Permission.MODEL_PUBLISH, name)
    async with work.read() as session:
        versions = await known_versions(session, facts)
    content = _describe(facts, versions, form.label)
    subject = Subject("route", facts.route.id, content)
    return await propose(work, ChangeKind.PROMOTION, subject, form.reason)


def _describe(facts: RouteFacts, versions: Sequence[Known], label: str) -> dict[str, object]:
    chosen = _named(versions, label)
    if chosen is None:
        raise InvalidInputError(NO_VERSION, ("unknown_version",), {"label": NO_VERSION})
    version = chosen.version
    return {
        "act": ACT,
        "route": facts.route.name,
        "route_id": str(facts.route.id),
        "team": facts.team.name,
        "tier": facts.model.tier.value,
        "data_class": facts.model.data_class.value,
        "label": label,
        "default": True,
        "before": dict(weights(versions)),
        "version": str(version.id),
        "evidence_kind": version.evidence_kind,
        "evidence": version.evidence,
        "served": version.served,
        "artifact": version.artifact,
        "card": version.card,
    }


def _named(versions: Sequence[Known], label: str) -> Known | None:
    return next((one for one in versions if one.label == label), None)


async def check_default(session: AsyncSession, content: Content) -> Objection | None:
    """Say why the version cannot answer by default, as things stand; None when it can."""
    facts = await find_route(session, content["route"])
    if facts is None or (facts.team.name, facts.model.tier.value) != (content["team"], content["tier"]):
        return Objection("model_changed", MOVED)
    versions = await known_versions(session, facts)
    chosen = _named(versions, content["label"])
    if chosen is None or str(chosen.version.id) != content["version"]:
        return Objection("unknown_version", NO_VERSION)
    if dict(weights(versions)) != content["before"]:
        return Objection("model_changed", MOVED)
    return _object_to(chosen, versions, facts.model.tier)


def _object_to(chosen: Known, versions: Sequence[Known], tier: Tier) -> Objection | None:
    if answering(versions) == {chosen.label}:
        return Objection("nothing_changes", "This version answers by default already.")
    if not _is_as_approved(chosen):
        return Objection("version_differs", DIFFERS)
    if tier is Tier.HIGH and chosen.evidence_kind != EvidenceKind.ARTIFACT:
        return Objection("artifact_required", NEEDS_ARTIFACT)
    return None


def _is_as_approved(chosen: Known) -> bool:
    """Whether what was last heard of it is what was signed; one taken off its route is polled no more."""
    deployment = chosen.deployment
    heard = differing(chosen.version, served_of(deployment))
    return deployment.state == READY and not deployment.differs and not heard


def tell_default(content: Content) -> str:
    """Say what it does."""
    return (
        f"Let {content['route']} be answered by version {content['label']} by default, which it has already"
    )


def told_before(content: Content) -> Sequence[Consequence]:
    """Return what answers until then, and what becomes of it."""
    shares: Mapping[str, int] = content["before"]
    now = ", ".join(f"{label} ({weight} %)" for label, weight in shares.items() if weight) or "the last label"
    return [
        Consequence(label="Until then", text=f"Calls that name no version are answered by {now}."),
        Consequence(label="Then", text="The others are called by their labels alone."),
    ]


async def set_default(session: AsyncSession, found: KeptChange, now: int) -> Sequence[Row]:
    """Give the version every call that names none; it is listed again, if it was taken off."""
    content = found.content
    route = await session.get_one(Route, UUID(content["route_id"]), with_for_update=True)
    targets = select(RouteTarget).where(col(RouteTarget.route_id) == route.id)
    listed = {one.label: one for one in await session.exec(targets)}
    if content["label"] not in listed:
        listed[content["label"]] = await _list_again(session, content, route)
    for label, target in listed.items():
        target.weight = WHOLE if label == content["label"] else 0
        session.add(target)
    return [target_row(target, now) for target in listed.values()]


async def _list_again(session: AsyncSession, content: Content, route: Route) -> RouteTarget:
    facts = await find_route(session, content["route"])
    chosen = _named(await known_versions(session, facts), content["label"]) if facts else None
    if chosen is None:
        raise nothing_here()
    return RouteTarget(route_id=route.id, deployment_id=chosen.deployment.id, label=chosen.label, weight=0)
