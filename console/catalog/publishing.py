"""Publishing: binds drafts to versions of a model, and opens the route callers will use."""

import hashlib
from collections.abc import Mapping
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from audit.event import Part
from audit.events import Action
from audit.models import RowVersion
from console.catalog.binding import bind_version, read_artifacts
from console.catalog.forms import ModelPublish, ServedAs, card_text
from console.catalog.names import route_name
from console.catalog.rows import model_row, route_row
from console.errors import ConflictError, InvalidInputError, NotFoundError
from console.first_days import require_second_admin
from console.models import Model, Route
from console.questions import Resource
from console.work import UnitOfWork
from policy.permissions import Permission
from sso.models import Team


async def publish_model(work: UnitOfWork, form: ModelPublish) -> Route:
    """Publish a model under a new route.

    Raises:
        RefusedError: the principal does not own the team, or no second admin has signed in yet.
        InvalidInputError: a name is not valid, the namespace is another team's, a label is there twice, a
            deployment is not a draft the cluster serves, or the evidence is not what the tier needs.
        NotFoundError: no such team.
        ConflictError: the name was used before; names are never reused.
    """
    # Asked of the team: of a model that nobody can see yet, everybody would hear that it does not exist.
    asked = Resource("team", None, {"team": form.team})
    await work.authorize(Permission.MODEL_PUBLISH, asked)
    await require_second_admin(work, Permission.MODEL_PUBLISH, asked)
    name = _checked_name(form)
    digests = await read_artifacts(work.services, form.tier, form.versions)
    async with work.write() as session:
        team = await _team(session, form.team)
        if await _was_used(session, form.namespace, form.name):
            raise ConflictError("This name was used before, and names are never reused.", ("name_taken",))
        model = _model(form, team.id, work.now)
        route = Route(name=name, model_id=model.id, created=work.now)
        session.add_all([model, route])
        await session.flush()
        rows = [model_row(model, work.now), route_row(route, work.now)]
        for served in form.versions:
            rows += await bind_version(session, (model, route), served, digests.get(served.label), work.now)
        part = Part(name="model", subject=None, content=_published(form, name, digests))
        await work.record(Action.MODEL_PUBLISH, resource=Resource("route", route.id), rows=rows, parts=[part])
    return route


def _checked_name(form: ModelPublish) -> str:
    name = route_name(form.namespace, form.name)
    if form.namespace != form.team:
        sentence = "A model is published under the name of the team that owns it."
        raise InvalidInputError(sentence, ("foreign_namespace",), {"namespace": sentence})
    labels = [served.label for served in form.versions]
    if len(set(labels)) < len(labels):
        sentence = "Each version needs a label of its own."
        raise InvalidInputError(sentence, ("label_twice",), {"versions": sentence})
    return name


async def _was_used(session: AsyncSession, namespace: str, name: str) -> bool:
    # History outlives the rows: a name whose model is gone still means that model in the log.
    told = f'"name":"{namespace}.{name}"'
    past = select(RowVersion.sequence).where(
        col(RowVersion.kind) == "route", col(RowVersion.row).contains(told, autoescape=True)
    )
    questions = (
        select(Route.id).where(col(Route.name) == f"{namespace}.{name}"),
        select(Model.id).where(col(Model.namespace) == namespace, col(Model.name) == name),
        past.limit(1),
    )
    return any([(await session.exec(question)).first() is not None for question in questions])


async def _team(session: AsyncSession, name: str) -> Team:
    team = (await session.exec(select(Team).where(col(Team.name) == name))).first()
    if team is None:
        raise NotFoundError("There is no team by this name.")
    return team


def _model(form: ModelPublish, team_id: UUID, now: int) -> Model:
    return Model(
        team_id=team_id,
        namespace=form.namespace,
        name=form.name,
        title=form.title,
        summary=form.summary,
        task=form.task,
        purpose=form.purpose,
        card=card_text(form.card),
        visibility=form.visibility,
        tier=form.tier,
        data_class=form.data_class,
        created=now,
    )


def _published(form: ModelPublish, name: str, digests: Mapping[str, str]) -> dict[str, object]:
    return {
        "route": name,
        "team": form.team,
        "title": form.title,
        "visibility": form.visibility.value,
        "tier": form.tier.value,
        "data_class": form.data_class.value,
        "card": card_hash(form.card),
        "versions": [describe_served(one, digests.get(one.label)) for one in form.versions],
    }


def describe_served(served: ServedAs, digest: str | None) -> dict[str, object]:
    """Return one version as events tell of it: its evidence as it was read, its card by its hash."""
    shown = served.model_dump(mode="json", exclude={"card"}) | {"card": card_hash(served.card)}
    return shown | {"evidence": digest or served.evidence}


def card_hash(card: Mapping[str, object]) -> str:
    """Return SHA-256 (hex) of a card's one text."""
    return hashlib.sha256(card_text(dict(card)).encode()).hexdigest()
