"""Publishing: binds drafts to versions of a model, and opens the route callers will use."""

import json
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from audit.event import Part
from audit.events import Action
from console.catalog.forms import ModelPublish, ServedAs
from console.catalog.names import route_name
from console.catalog.rows import model_row, route_row, target_row, version_row
from console.errors import ConflictError, InvalidInputError, NotFoundError
from console.models import Cluster, Deployment, Model, Route, RouteTarget, Version
from console.questions import Resource
from console.work import Row, UnitOfWork
from policy.permissions import Permission
from sso.models import Team


async def publish_model(work: UnitOfWork, form: ModelPublish) -> Route:
    """Publish a model under a new route.

    Raises:
        InvalidInputError: a name is not valid, or a deployment is not a draft the cluster serves.
        NotFoundError: no such team.
        ConflictError: the name was used before; names are never reused.
    """
    name = route_name(form.namespace, form.name)
    await work.authorize(Permission.MODEL_PUBLISH, Resource("model", None, {"team": form.team}))
    async with work.write() as session:
        team = await _team(session, form.team)
        if (await session.exec(select(Route).where(col(Route.name) == name))).first():
            raise ConflictError("This name was used before, and names are never reused.", ("name_taken",))
        model, route = _model(form, team.id, work.now), None
        route = Route(name=name, model_id=model.id, created=work.now)
        session.add_all([model, route])
        await session.flush()
        rows = [model_row(model, work.now), route_row(route, work.now)]
        for served in form.versions:
            rows += await _bind(session, model, route, served, work.now)
        part = Part(name="model", subject=None, content=_published(form, name))
        await work.record(Action.MODEL_PUBLISH, resource=Resource("route", route.id), rows=rows, parts=[part])
    return route


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
        card=json.dumps(form.card, sort_keys=True),
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
        card=json.dumps(served.card, sort_keys=True),
        created=now,
    )
    session.add(version)
    await session.flush()
    draft.version_id = version.id
    target = RouteTarget(route_id=route.id, deployment_id=draft.id, label=served.label, weight=served.weight)
    session.add_all([draft, target])
    return [version_row(version, now), target_row(target, now)]


async def _draft(session: AsyncSession, served: ServedAs) -> Deployment:
    query = (
        select(Deployment)
        .join(Cluster, col(Cluster.id) == col(Deployment.cluster_id))
        .where(col(Cluster.name) == served.cluster)
        .where(col(Deployment.upstream_name) == served.upstream_name)
        .where(col(Deployment.upstream_version) == served.upstream_version)
    )
    draft = (await session.exec(query)).first()
    if draft is None or draft.version_id is not None:
        sentence = f"{served.cluster} serves no unpublished {served.upstream_name} {served.upstream_version}."
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
        "versions": [served.label for served in form.versions],
    }
