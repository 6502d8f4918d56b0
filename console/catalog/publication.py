"""What is signed of a model to be published: its facts, its card, and each version's evidence as it is."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from uuid_utils.compat import uuid7

from audit.models import RowVersion
from console.catalog.binding import evidence_of, find_draft, refuse
from console.catalog.evidence import served_digest, served_of, served_text
from console.catalog.forms import ModelPublish, ServedAs, card_text, read_card
from console.catalog.names import route_name
from console.changes.kinds import Content, Objection
from console.errors import InvalidInputError
from console.models import Model, Route
from console.services import Services
from policy.decision import Document
from sso.models import Team

FACTS = ("title", "summary", "task", "purpose", "visibility", "tier", "data_class")


def checked_name(form: ModelPublish) -> str:
    """Return the route's name.

    Raises:
        InvalidInputError: it is not valid, the namespace is another team's, or a version is there twice.
    """
    name = route_name(form.namespace, form.name)
    if form.namespace != form.team:
        sentence = "A model is published under the name of the team that owns it."
        raise InvalidInputError(sentence, ("foreign_namespace",), {"namespace": sentence})
    _refuse_twins(form.versions)
    return name


def _refuse_twins(versions: Sequence[ServedAs]) -> None:
    if len({one.label for one in versions}) < len(versions):
        raise refuse("label_twice", "Each version needs a label of its own.")
    served = {(one.cluster, one.upstream_name, one.upstream_version) for one in versions}
    if len(served) < len(versions):
        raise refuse("deployment_twice", "What a cluster serves is published as one version.")


async def describe_publication(
    session: AsyncSession, form: ModelPublish, digests: Mapping[str, str]
) -> Document:
    """Return all that is signed of it, but for who asks and why; `digests` are its artifacts' by label.

    Raises:
        InvalidInputError: a deployment is not a draft the cluster serves, or its evidence is none.
    """
    said = form.model_dump(mode="json", include=set(FACTS))
    return {
        "route": checked_name(form),
        "team": form.team,
        **{name: said[name] for name in FACTS},
        "card": card_text(form.card),
        "versions": [await _describe(session, one, digests.get(one.label)) for one in form.versions],
        "route_id": str(uuid7()),
    }


async def _describe(session: AsyncSession, served: ServedAs, digest: str | None) -> Document:
    reported = served_digest(served_text(served_of(await find_draft(session, served))))
    return {
        **served.model_dump(mode="json"),
        "evidence": evidence_of(served, reported, digest),
        "served": reported,
        "artifact": served.artifact if digest else "",
        "card": card_text(served.card),
    }


def served_as(version: Mapping[str, object]) -> ServedAs:
    """Return a described version as it was sent; evidence that the cluster's words are is found anew."""
    known = version["evidence_kind"] != "served"
    sent = {name: version[name] for name in ServedAs.model_fields}
    return ServedAs.model_validate(
        {**sent, "card": read_card(str(version["card"])), "evidence": version["evidence"] if known else ""}
    )


async def object_to(_services: Services, session: AsyncSession, content: Content) -> Objection | None:
    """Say why it cannot be published, as things stand; None when it can."""
    if await find_team(session, content["team"]) is None:
        return Objection("unknown_team", "There is no team by this name.")
    if await name_was_used(session, content["route"]):
        return Objection("name_taken", "This name was used before, and names are never reused.")
    for version in content["versions"]:
        if objection := await _object_to_version(session, version):
            return objection
    return None


async def _object_to_version(session: AsyncSession, version: Mapping[str, object]) -> Objection | None:
    try:
        draft = await find_draft(session, served_as(version))
    except InvalidInputError as error:
        return Objection("no_such_draft", error.detail)
    if served_digest(served_text(served_of(draft))) != version["served"]:
        sentence = f"The cluster reports something else of version {version['label']} than was asked for."
        return Objection("version_differs", sentence)
    return None


async def find_team(session: AsyncSession, name: str) -> UUID | None:
    """Return the id of the team with this name, or None."""
    return (await session.exec(select(Team.id).where(col(Team.name) == name))).first()


async def name_was_used(session: AsyncSession, route: str) -> bool:
    """Say whether this route's name means a model, now or in history."""
    # History outlives the rows: a name whose model is gone still means that model in the log.
    past = select(RowVersion.sequence).where(
        col(RowVersion.kind) == "route", col(RowVersion.row).contains(f'"name":"{route}"', autoescape=True)
    )
    namespace, _, name = route.partition(".")
    questions = (
        select(Route.id).where(col(Route.name) == route),
        select(Model.id).where(col(Model.namespace) == namespace, col(Model.name) == name),
        past.limit(1),
    )
    return any([(await session.exec(question)).first() is not None for question in questions])
