"""Publishing: binds drafts to versions of a model, and opens the route callers will use."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from audit.event import Part
from audit.events import Action
from console.catalog.binding import bind_version, read_artifacts
from console.catalog.forms import ModelPublish, card_hash
from console.catalog.publication import (
    checked_name,
    describe_publication,
    find_team,
    name_was_used,
    object_to,
    served_as,
)
from console.catalog.rows import model_row, route_row
from console.changes.carrying import Because
from console.changes.kinds import Content
from console.errors import ConflictError, NotFoundError
from console.models import DataClass, Model, Route, Tier, Visibility
from console.questions import Resource
from console.work import Row, UnitOfWork
from policy.decision import Document
from policy.permissions import Permission


async def publish_model(work: UnitOfWork, form: ModelPublish) -> Route:
    """Publish a model at once: the installation itself does, as it fills the demo. People ask for it.

    Raises:
        InvalidInputError, NotFoundError, ConflictError: as `prepare_publication`.
    """
    if work.principal.kind != "system":
        raise RuntimeError("A model is published by two people; only the system publishes at once.")
    content = await prepare_publication(work, form)
    async with work.write() as session:
        if objection := await object_to(work.services, session, content):
            raise objection.error()
        return await write_publication(work, session, content, Because())


async def prepare_publication(work: UnitOfWork, form: ModelPublish) -> Document:
    """Authorize, and return everything that is signed of a model that is to be published.

    Raises:
        RefusedError: the principal does not own the team.
        InvalidInputError: a name is not valid, the namespace is another team's, a label is there twice, a
            deployment is not a draft the cluster serves, or the evidence is not what the tier needs.
        NotFoundError: no such team.
        ConflictError: the name was used before; names are never reused.
    """
    # Asked of the team: of a model that nobody can see yet, everybody would hear that it does not exist.
    await work.authorize(Permission.MODEL_PUBLISH, Resource("team", None, {"team": form.team}))
    name = checked_name(form)
    digests = await read_artifacts(work.services, form.tier, form.versions)
    async with work.read() as session:
        if await find_team(session, form.team) is None:
            raise NotFoundError("There is no team by this name.")
        if await name_was_used(session, name):
            raise ConflictError("This name was used before, and names are never reused.", ("name_taken",))
        return await describe_publication(session, form, digests)


async def write_publication(
    work: UnitOfWork, session: AsyncSession, content: Content, because: Because
) -> Route:
    """Write the model, its route and its versions, and record it; what speaks against it was asked before."""
    model = _model(content, await find_team(session, content["team"]), work.now)
    route = Route(id=UUID(content["route_id"]), name=content["route"], model_id=model.id, created=work.now)
    session.add_all([model, route])
    await session.flush()
    rows: list[Row] = [model_row(model, work.now), route_row(route, work.now)]
    for version in content["versions"]:
        digest = version["evidence"] if version["evidence_kind"] == "artifact" else None
        rows += await bind_version(session, (model, route), served_as(version), digest, work.now)
    await work.record(
        Action.MODEL_PUBLISH,
        resource=Resource("route", route.id),
        request=because.request,
        rows=rows,
        parts=[Part(name="model", subject=None, content=published(content))],
    )
    return route


def _model(content: Content, team_id: UUID | None, now: int) -> Model:
    if team_id is None:
        raise NotFoundError("There is no team by this name.")
    namespace, _, name = content["route"].partition(".")
    return Model(
        team_id=team_id,
        namespace=namespace,
        name=name,
        **{one: content[one] for one in ("title", "summary", "task", "purpose", "card")},
        visibility=Visibility(content["visibility"]),
        tier=Tier(content["tier"]),
        data_class=DataClass(content["data_class"]),
        created=now,
    )


def published(content: Content) -> dict[str, Any]:
    """Return what events tell of it: its evidence as it was read, its cards by their hash."""
    told = ("route", "team", "title", "visibility", "tier", "data_class")
    versions = [{**_sent(one), "card": card_hash(one["card"])} for one in content["versions"]]
    return {
        **{name: content[name] for name in told},
        "card": card_hash(content["card"]),
        "versions": versions,
    }


def _sent(version: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in version.items() if name != "served"}
