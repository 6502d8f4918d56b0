"""What a model is, as a change: lowering its risk, widening who finds it or giving it away takes two people.

What makes it stricter its owner does at once.
"""

from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from audit.event import Part
from audit.events import Action
from console.catalog.evidence import EvidenceKind
from console.catalog.facts import RouteFacts, find_route, nothing_here
from console.catalog.forms import ModelUpdate, card_hash, card_text, read_card
from console.catalog.listed import listed_versions
from console.catalog.rows import model_row
from console.changes.asking import propose
from console.changes.carrying import Because, Carried, executing
from console.changes.forms import Consequence
from console.changes.kinds import Content, Kind, Objection, Subject, kind_of, register
from console.changes.seen import authorize_seen
from console.errors import ConflictError, InvalidInputError
from console.models import DataClass, Model, Route, Tier, Visibility
from console.questions import Resource
from console.services import Services
from console.work import UnitOfWork
from policy.models import ChangeKind
from policy.permissions import Permission
from sso.models import Membership, Team

LABELS: Final = (
    ("route", "Model"),
    ("team", "Owner"),
    ("tier", "Tier"),
    ("data_class", "Data class"),
    ("visibility", "Visibility"),
    ("before", "Until now"),
    ("card", "Model card"),
    ("card_before", "Model card until now, SHA-256"),
    ("model", "Its id"),
    ("team_id", "The owner's id"),
)
STRICTER: Final[Mapping[str, Sequence[str]]] = {
    "tier": [*Tier],
    "data_class": [*DataClass],
    "visibility": [Visibility.SHARED, Visibility.LISTED, Visibility.HIDDEN],
}
"""Each property's values, the strictest last."""


async def update_model(work: UnitOfWork, name: str, form: ModelUpdate) -> Carried:
    """Say something else of a model: at once what is stricter, the rest is asked for.

    Raises:
        NotFoundError: no such route, or none the caller may know of.
        RefusedError: the caller does not own the model.
        InvalidInputError: there is no such team.
        ConflictError: it says so already, or the same is pending.
    """
    async with work.read() as session:
        facts = await find_route(session, name)
        if facts is None:
            raise nothing_here()
        team = await team_named(session, form.team) if form.team else facts.team
    await authorize_seen(work, Permission.MODEL_UPDATE, facts.resource(), Permission.MODEL_READ)
    return await ask_change(work, facts, form, team)


async def ask_change(work: UnitOfWork, facts: RouteFacts, form: ModelUpdate, team: Team) -> Carried:
    """Do what is stricter and ask for the rest, for a caller who has been authorized.

    Raises:
        ConflictError: it says so already, or the same is pending.
    """
    now, then = described(facts), {**described(facts), **_said(form, team)}
    card = _said_card(facts.model, form)
    if now == then and not card:
        raise ConflictError("The model is what you say already.", ("nothing_changes",))
    content = {
        "route": facts.route.name,
        **then,
        "team_id": str(team.id),
        "before": now,
        "model": str(facts.model.id),
        **card,
    }
    subject = Subject("model", facts.model.id, content)
    if takes_two(now, then):
        return Carried(state="pending", change=await propose(work, ChangeKind.MODEL, subject, form.reason))
    async with work.write() as session:
        if objection := await kind_of(ChangeKind.MODEL).check(work.services, session, content):
            raise objection.error()
        await _write(work, session, content, Because())
    return Carried(state="done", id=facts.model.id)


def takes_two(now: Mapping[str, str], then: Mapping[str, str]) -> bool:
    """Say whether a model would be given away, or anything of it be less strict."""
    weaker = any(order.index(then[name]) < order.index(now[name]) for name, order in STRICTER.items())
    return weaker or now["team"] != then["team"]


def described(facts: RouteFacts) -> dict[str, str]:
    """Return what a change of a model can change."""
    model = facts.model
    return {
        "team": facts.team.name,
        "tier": model.tier.value,
        "data_class": model.data_class.value,
        "visibility": model.visibility.value,
    }


def _said(form: ModelUpdate, team: Team) -> dict[str, str]:
    said = {name: getattr(form, name) for name in STRICTER}
    return {"team": team.name, **{name: str(value) for name, value in said.items() if value is not None}}


def _said_card(model: Model, form: ModelUpdate) -> dict[str, str]:
    """Return another card with the hash of the one it takes the place of; nothing where it is the same."""
    if form.card is None or form.card == read_card(model.card):
        return {}
    return {"card": card_text(form.card), "card_before": card_hash(model.card)}


async def team_named(session: AsyncSession, name: str) -> Team:
    """Return the team that is to own a model.

    Raises:
        InvalidInputError: there is none by that name.
    """
    team = (await session.exec(select(Team).where(col(Team.name) == name))).first()
    if team is None:
        sentence = "There is no team by that name."
        raise InvalidInputError(sentence, ("unknown_team",), {"team": sentence})
    return team


async def _check(_services: Services, session: AsyncSession, content: Content) -> Objection | None:
    facts = await find_route(session, content["route"])
    if facts is None or described(facts) != content["before"] or _has_another_card(facts.model, content):
        return Objection("model_changed", "The model has changed since this was asked; ask anew.")
    if content["tier"] == Tier.HIGH != content["before"]["tier"]:
        return await _lacks_artifacts(session, facts)
    return None


async def _lacks_artifacts(session: AsyncSession, facts: RouteFacts) -> Objection | None:
    """Say which of its versions are not known by their bytes, as a high tier asks of each."""
    known = EvidenceKind.ARTIFACT.value
    weak = [one.label for one in await listed_versions(session, facts) if one.evidence_kind != known]
    if not weak:
        return None
    told = f"A model of tier high lists only versions known by an artifact; {', '.join(weak)} is not."
    return Objection("artifact_required", told if len(weak) == 1 else told.replace(" is not.", " are not."))


def _has_another_card(model: Model, content: Content) -> bool:
    return "card" in content and card_hash(model.card) != content["card_before"]


async def _does(_services: Services, _session: AsyncSession, content: Content) -> Sequence[Consequence]:
    before = content["before"]
    found = [
        Consequence(label=label, text=f"{before[name]}, then {content[name]}.")
        for name, label in LABELS
        if name in before and before[name] != content[name]
    ]
    if content["visibility"] == Visibility.SHARED != before["visibility"]:
        found.append(Consequence(label="At once", text="Everybody who is signed in may call it."))
    if "card" in content:
        told = "Pending requests are asked anew; approvals that rest on what changed in it are marked."
        found.append(Consequence(label="Model card", text=told))
    if content["team"] != before["team"]:
        told = f"Owners of team {content['team']} answer for it, and revoke its grants."
        found.append(Consequence(label="At once", text=told))
    return found


async def _gainers(
    _services: Services, session: AsyncSession, content: Content, _answering: frozenset[UUID]
) -> frozenset[UUID]:
    """Return the members of the team that would own it; where it is to be found or called, all gain alike."""
    if content["team"] == content["before"]["team"]:
        return frozenset()
    members = select(Membership.person_id).where(col(Membership.team_id) == UUID(content["team_id"]))
    return frozenset(await session.exec(members))


async def _write(work: UnitOfWork, session: AsyncSession, content: Content, because: Because) -> None:
    key = UUID(content["model"])
    model = await session.get_one(Model, key, with_for_update=True, populate_existing=True)
    # Asked once more, now that nobody else writes it.
    if objection := await _check(work.services, session, content):
        raise objection.error()
    model.team_id = UUID(content["team_id"])
    model.tier, model.data_class = Tier(content["tier"]), DataClass(content["data_class"])
    model.visibility, model.card = Visibility(content["visibility"]), content.get("card", model.card)
    session.add(model)
    route = (await session.exec(select(Route.id).where(col(Route.name) == content["route"]))).one()
    told = {name: content[name] for name in ("route", "team", "visibility", "tier", "data_class")}
    if "card" in content:
        told["card"] = card_hash(model.card)
    await work.record(
        Action.MODEL_UPDATE,
        resource=Resource("route", route),
        request=because.request,
        rows=[model_row(model, work.now)],
        parts=[Part(name="model", subject=None, content=told)],
    )


def _about(content: Content) -> Mapping[str, str]:
    """The stricter of before and after counts for the plan: nobody lowers a tier by what a low one asks."""
    before = content["before"]
    return {
        name: max((before[name], content[name]), key=STRICTER[name].index) for name in ("tier", "data_class")
    }


KINDS: Final[tuple[Kind, ...]] = (
    Kind(
        ChangeKind.MODEL,
        lambda content: f"Change what {content['route']} is",
        _check,
        _does,
        executing(_write),
        gainers=_gainers,
        team=lambda content: str(content["before"]["team"]),
        about=_about,
        area=("Models", "/models"),
        labels=LABELS,
        answer_hint="For example: the new tier fits what the model is used for.",
    ),
)
register(*KINDS)
