"""The page on which a model's publishing is asked for: what the clusters serve, and what is said of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from console.catalog.drafts import MOST, Draft, ServedName, find_chosen, find_served, list_drafts
from console.catalog.marketplace import ORDER
from console.catalog.publish_change import ask_publication
from console.catalog.publish_form import PublishForm
from console.catalog.publishers import publishing_teams
from console.catalog.queries import visible_routes
from console.catalog.version_form import beside_fields, filled
from console.changes.forms import ChangeCreated
from console.errors import InvalidInputError
from console.models import Model, Route
from console.web.forms import Form, read_form
from console.web.submitted import submit
from console.work import UnitOfWork
from sso.models import Team

NOT_OWNED: Final = "Choose a team that you own."
MOST_WORDS: Final = 200


@dataclass(frozen=True, slots=True)
class PublishPage:
    """What can be published for which teams; `chosen` is the draft one came from, `more` if not all fit.

    `tasks` and `purposes` are those of the models this person may find: policies compare them as written.
    """

    teams: Sequence[str]
    drafts: Sequence[Draft]
    chosen: str
    more: bool
    options: Mapping[str, Sequence[str]]
    tasks: Sequence[str]
    purposes: Sequence[str]
    form: Form[PublishForm]


async def open_publication(
    work: UnitOfWork, served: ServedName | None = None, form: Form[PublishForm] | None = None
) -> PublishPage:
    """Return the page on which a model is published.

    Raises:
        RefusedError: the principal owns no team, or may publish for none.
    """
    teams = await publishing_teams(work)
    async with work.read() as session:
        drafts = list(await list_drafts(session))
        chosen = await find_served(session, served) if served else None
        words = await _words(work, session)
    more = len(drafts) == MOST
    if chosen is not None and chosen not in drafts:
        drafts.insert(0, chosen)
    return PublishPage(
        teams, drafts, str(chosen.id) if chosen else "", more, ORDER, *words, form=form or Form()
    )


async def _words(work: UnitOfWork, session: AsyncSession) -> tuple[list[str], list[str]]:
    visible = await visible_routes(work, session)
    query = (
        select(Model.task, Model.purpose)
        .join(Route, col(Route.model_id) == col(Model.id))
        .join(Team, col(Team.id) == col(Model.team_id))
        .where(visible)
        .distinct()
    )
    found = (await session.exec(query)).all()
    tasks, purposes = {task for task, _ in found}, {purpose for _, purpose in found}
    return sorted(tasks)[:MOST_WORDS], sorted(purposes)[:MOST_WORDS]


async def send_publication(
    work: UnitOfWork, typed: Mapping[str, str]
) -> tuple[Form[PublishForm], ChangeCreated | None]:
    """Ask that the model is published as it was described.

    Raises:
        RefusedError: the principal may publish for no team.
    """
    teams = await publishing_teams(work)
    sent = read_form(PublishForm, filled(typed))
    return await submit(sent, lambda data: beside_fields(_ask(work, teams, data)))


async def _ask(work: UnitOfWork, teams: Sequence[str], chosen: PublishForm) -> ChangeCreated:
    if chosen.team not in teams:
        raise InvalidInputError(NOT_OWNED, ("foreign_team",), {"team": NOT_OWNED})
    async with work.read() as session:
        draft = await find_chosen(session, chosen.deployment)
    return await ask_publication(work, chosen.asked(draft))
