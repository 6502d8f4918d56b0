"""Publishing: binds drafts to versions of a model, and opens the route callers will use."""

import hashlib
from collections.abc import Sequence
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from audit.event import Part
from audit.events import Action
from audit.models import RowVersion
from console.catalog.forms import ModelPublish, ServedAs, card_text
from console.catalog.names import route_name
from console.catalog.rows import deployment_row, model_row, route_row, target_row, version_row
from console.errors import ConflictError, InvalidInputError, NotFoundError
from console.first_days import require_second_admin
from console.models import Cluster, Deployment, Model, Route, RouteTarget, Version
from console.questions import Resource
from console.work import Row, UnitOfWork
from policy.permissions import Permission
from sso.models import Team

READY = "ready"


async def publish_model(work: UnitOfWork, form: ModelPublish) -> Route:
    """Publish a model under a new route.

    Raises:
        RefusedError: the principal does not own the team, or no second admin has signed in yet.
        InvalidInputError: a name is not valid, the namespace is another team's, a label is there twice, or a
            deployment is not a draft the cluster serves.
        NotFoundError: no such team.
        ConflictError: the name was used before; names are never reused.
    """
    # Asked of the team: of a model that nobody can see yet, everybody would hear that it does not exist.
    asked = Resource("team", None, {"team": form.team})
    await work.authorize(Permission.MODEL_PUBLISH, asked)
    await require_second_admin(work, Permission.MODEL_PUBLISH, asked)
    name = _checked_name(form)
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
            rows += await _bind(session, model, route, served, work.now)
        part = Part(name="model", subject=None, content=_published(form, name))
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


async def _bind(session: AsyncSession, model: Model, route: Route, served: ServedAs, now: int) -> list[Row]:
    draft = await _draft(session, served)
    version = Version(
        model_id=model.id,
        label=served.label,
        evidence_kind=served.evidence_kind,
        evidence=served.evidence,
        card=card_text(served.card),
        created=now,
    )
    session.add(version)
    await session.flush()
    draft.version_id = version.id
    target = RouteTarget(route_id=route.id, deployment_id=draft.id, label=served.label, weight=served.weight)
    session.add_all([draft, target])
    return [version_row(version, now), deployment_row(draft, now), target_row(target, now)]


async def _draft(session: AsyncSession, served: ServedAs) -> Deployment:
    query = (
        select(Deployment)
        .join(Cluster, col(Cluster.id) == col(Deployment.cluster_id))
        .where(col(Cluster.name) == served.cluster)
        .where(col(Deployment.upstream_name) == served.upstream_name)
        .where(col(Deployment.upstream_version) == served.upstream_version)
        .with_for_update(of=Deployment)  # two who publish one draft at once: the second sees it bound
    )
    draft = (await session.exec(query)).first()
    if draft is None or draft.version_id is not None or draft.state != READY:
        wanted = f"{served.upstream_name} {served.upstream_version}".strip()
        sentence = f"{served.cluster} serves no unpublished {wanted}."
        raise InvalidInputError(sentence, ("no_such_draft",), {"versions": sentence})
    return draft


def _published(form: ModelPublish, name: str) -> dict[str, object]:
    return {
        "route": name,
        "team": form.team,
        "title": form.title,
        "visibility": form.visibility.value,
        "tier": form.tier.value,
        "data_class": form.data_class.value,
        "card": _hash(form.card),
        "versions": _bound(form.versions),
    }


def _bound(versions: Sequence[ServedAs]) -> list[dict[str, object]]:
    return [served.model_dump(exclude={"card"}) | {"card": _hash(served.card)} for served in versions]


def _hash(card: dict[str, object]) -> str:
    return hashlib.sha256(card_text(card).encode()).hexdigest()
