"""A version more on a route, as a change: two people let it be called, bound to its evidence as it is now.

Of a version that the model has already `console.catalog.shifting` says what is asked and done.
"""

import json
from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from console.catalog.binding import bind_version, evidence_of, find_draft, read_artifacts
from console.catalog.evidence import served_digest, served_of, served_text
from console.catalog.facts import RouteFacts, find_route, route_by_id
from console.catalog.forms import PromoteAsk, ServedAs, card_text
from console.catalog.found import authorize_route
from console.catalog.rows import target_row
from console.catalog.shifting import ACT, check_default, set_default, tell_default, told_before
from console.changes.asking import propose
from console.changes.forms import ChangeCreated, Consequence
from console.changes.kinds import Content, KeptChange, Kind, Objection, Subject, register
from console.errors import InvalidInputError
from console.models import Model, Route, RouteTarget
from console.services import Services
from console.work import Row, UnitOfWork
from policy.models import ChangeKind
from policy.permissions import Permission

DEFAULT_WEIGHT: Final = 100
LABELS: Final = (
    ("route", "Route"),
    ("label", "Version"),
    ("default", "Answers by default"),
    ("before", "Shares of calls until now, by version"),
    ("cluster", "Cluster"),
    ("upstream_name", "Its name there"),
    ("upstream_version", "Its version there"),
    ("evidence_kind", "Evidence"),
    ("evidence", "Digest of the evidence"),
    ("served", "Digest of what the cluster reports"),
    ("artifact", "Artifact"),
    ("tier", "Tier"),
    ("act", "What happens"),
    ("version", "The version's id"),
)


async def ask_promotion(work: UnitOfWork, name: str, form: PromoteAsk) -> ChangeCreated:
    """Ask that a version the cluster serves is called by the route, and is its default if `default` says so.

    Raises:
        NotFoundError: no such route, or none the caller may know of.
        RefusedError: the caller does not own the model's team.
        InvalidInputError: the cluster serves no such draft, or the evidence is not what the tier needs.
        ConflictError: the label is taken, or the same is pending.
    """
    facts, _ = await authorize_route(work, Permission.MODEL_PUBLISH, name)
    served = _served(form.model_dump())
    digests = await read_artifacts(work.services, facts.model.tier, [served])
    async with work.read() as session:
        content = await _describe(session, facts, form, digests.get(form.label))
    subject = Subject("route", facts.route.id, content)
    return await propose(work, ChangeKind.PROMOTION, subject, form.reason)


def _served(found: Content) -> ServedAs:
    names = ServedAs.model_fields.keys() - {"weight"}
    weight = DEFAULT_WEIGHT if found["default"] else 0
    return ServedAs(**{name: found[name] for name in names}, weight=weight)


async def _describe(
    session: AsyncSession, facts: RouteFacts, form: PromoteAsk, digest: str | None
) -> dict[str, object]:
    served = _served(form.model_dump())
    reported = served_digest(served_text(served_of(await find_draft(session, served))))
    return {
        "route": facts.route.name,
        "route_id": str(facts.route.id),
        "team": facts.team.name,
        "tier": facts.model.tier.value,
        "data_class": facts.model.data_class.value,
        "label": form.label,
        "default": form.default,
        "cluster": form.cluster,
        "upstream_name": form.upstream_name,
        "upstream_version": form.upstream_version,
        "evidence_kind": form.evidence_kind.value,
        "evidence": evidence_of(served, reported, digest),
        "served": reported,
        "artifact": form.artifact if digest else "",
        "card": card_text(form.card),
    }


def _tell(content: Content) -> str:
    if _is_shift(content):
        return tell_default(content)
    by_default = ", by default" if content["default"] else ""
    return f"Let {content['route']} be answered by version {content['label']}{by_default}"


def _is_shift(content: Content) -> bool:
    """Whether it is about a version that the model has already."""
    return content.get("act") == ACT


async def _check(_services: Services, session: AsyncSession, content: Content) -> Objection | None:
    if _is_shift(content):
        return await check_default(session, content)
    facts = await find_route(session, content["route"])
    if facts is None or facts.team.name != content["team"] or facts.model.tier.value != content["tier"]:
        return Objection("model_changed", "The model's team or tier is another one by now.")
    taken = select(RouteTarget.id).where(
        col(RouteTarget.route_id) == facts.route.id, col(RouteTarget.label) == content["label"]
    )
    if (await session.exec(taken)).first() is not None:
        return Objection("label_taken", "The route lists a version by this label.")
    try:
        draft = await find_draft(session, _from(content))
    except InvalidInputError as error:
        return Objection("no_such_draft", error.detail)
    if served_digest(served_text(served_of(draft))) != content["served"]:
        return Objection("version_differs", "The cluster reports something else of it than was asked for.")
    return None


def _from(content: Content) -> ServedAs:
    return _served({**content, "card": json.loads(content["card"]), "evidence": ""})


async def _does(_services: Services, _session: AsyncSession, content: Content) -> Sequence[Consequence]:
    told = (
        "It answers every call that names no version." if content["default"] else "It answers by its label."
    )
    bound = "If what the cluster serves, or the artifact, is another one then, its calls are refused."
    before = told_before(content) if _is_shift(content) else ()
    return [*before, Consequence(label="From then on", text=f"{told} {bound}")]


async def _promote(work: UnitOfWork, session: AsyncSession, found: KeptChange, now: int) -> Sequence[Row]:
    content: dict[str, Any] = found.content
    # Asked once more, now that nobody raises its tier meanwhile.
    await route_by_id(session, UUID(content["route_id"]), for_change=True)
    if objection := await _check(work.services, session, content):
        raise objection.error()
    if _is_shift(content):
        return await set_default(session, found, now)
    route = await session.get_one(Route, UUID(content["route_id"]), with_for_update=True)
    model = await session.get_one(Model, route.model_id)
    rows: list[Row] = []
    if content["default"]:
        others = select(RouteTarget).where(col(RouteTarget.route_id) == route.id)
        for target in await session.exec(others):
            target.weight = 0
            session.add(target)
            rows.append(target_row(target, now))
    known = content["evidence_kind"] != "served"
    served = _served(
        {**content, "card": json.loads(content["card"]), "evidence": content["evidence"] if known else ""}
    )
    digest = content["evidence"] if content["evidence_kind"] == "artifact" else None
    return [*rows, *await bind_version(session, (model, route), served, digest, now)]


KINDS: Final[tuple[Kind, ...]] = (
    Kind(
        ChangeKind.PROMOTION,
        _tell,
        _check,
        _does,
        _promote,
        team=lambda content: str(content["team"]),
        about=lambda content: {"tier": content["tier"], "data_class": content["data_class"]},
        area=("Models", "/models"),
        labels=LABELS,
        answer_hint="For example: this digest is the build that was validated.",
    ),
)
register(*KINDS)
