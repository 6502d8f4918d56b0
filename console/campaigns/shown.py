"""Access review as its pages show it: the rounds, and one round with the form that signs answers about it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from pydantic import ValidationError
from sqlmodel import col, select

from console.campaigns.answering import answer_items
from console.campaigns.forms import Answered, AnswerSheet, CampaignCreate, CampaignRead, ItemRead
from console.campaigns.opening import open_campaign
from console.campaigns.queries import ItemFilter, items_of, list_campaigns, read_campaign
from console.changes.forms import MOST_REVIEWS
from console.changes.signing import confirm_path, may_sign, told_step_up
from console.errors import ConflictError, InvalidInputError, RefusedError
from console.models import Campaign, Tier
from console.questions import Resource
from console.web.forms import Form, read_form, sentences
from console.web.listing import cursor
from console.web.pagination import next_href
from console.web.submitted import submit
from console.work import UnitOfWork
from policy.permissions import Permission
from sso.models import Team

PATH: Final = "/reviews/campaigns"
ANSWER, HASH = "answer-", "hash-"


@dataclass(frozen=True, slots=True)
class CampaignList:
    """One page of rounds; `teams` and `tiers` are what one could be opened over, by who may."""

    items: Sequence[CampaignRead]
    more: str | None
    may_open: bool
    teams: Sequence[str]
    tiers: Sequence[str]
    form: Form[CampaignCreate]


@dataclass(frozen=True, slots=True)
class CampaignPage:
    """One round: `asked` are the items the form signs answers about, `others` those it does not."""

    campaign: CampaignRead
    asked: Sequence[ItemRead]
    others: Sequence[ItemRead]
    more: str | None
    strong: bool
    confirm_path: str
    form: Form[AnswerSheet]


async def open_campaigns(
    work: UnitOfWork, after: str, form: Form[CampaignCreate] | None = None
) -> CampaignList:
    """Return the rounds the caller may read."""
    page = await list_campaigns(work, cursor(after, 1))
    may_open = await work.allowed(Permission.CAMPAIGN_CREATE, Resource("campaign"))
    return CampaignList(
        items=page.items,
        more=next_href(PATH, (), page),
        may_open=may_open,
        teams=await _team_names(work) if may_open else (),
        tiers=[tier.value for tier in Tier],
        form=form or Form(),
    )


async def _team_names(work: UnitOfWork) -> Sequence[str]:
    async with work.read() as session:
        return (await session.exec(select(Team.name).order_by(col(Team.name)))).all()


async def send_campaign(
    work: UnitOfWork, typed: Mapping[str, str]
) -> tuple[Form[CampaignCreate], Campaign | None]:
    """Open a round over what was chosen; nothing chosen is everything."""
    chosen = {name: text for name, text in typed.items() if text.strip()}
    return await submit(read_form(CampaignCreate, chosen), lambda data: open_campaign(work, data))


async def open_one(
    work: UnitOfWork, campaign_id: UUID, after: str = "", form: Form[AnswerSheet] | None = None
) -> CampaignPage:
    """Return one round with as many open items as one sign-in signs, and a page of all the others.

    Raises:
        NotFoundError: no such round, or none with an item the caller may read.
    """
    campaign = await read_campaign(work, campaign_id)
    waiting = await items_of(work, campaign, ItemFilter(asked=True), None, MOST_REVIEWS)
    asked = [item for item in waiting.items if item.asked]
    page = await items_of(work, campaign, ItemFilter(), cursor(after, 1))
    shown = {item.id for item in asked}
    return CampaignPage(
        campaign=campaign,
        asked=asked,
        others=[item for item in page.items if item.id not in shown],
        more=next_href(f"{PATH}/{campaign_id}", (), page),
        strong=await may_sign(work),
        confirm_path=confirm_path(f"{PATH}/{campaign_id}"),
        form=form or Form(),
    )


async def send_answers(
    work: UnitOfWork, campaign_id: UUID, typed: Mapping[str, str]
) -> tuple[Form[AnswerSheet], list[Answered] | None]:
    """Sign what was chosen; items about which nothing was chosen stay open.

    Raises:
        NotFoundError, RefusedError: as `answer_items`, but for what the form itself can tell.
    """
    form = read_sheet(typed)
    if form.data is None:
        return form, None
    try:
        return form, await answer_items(work, campaign_id, form.data)
    except (ConflictError, InvalidInputError) as error:
        return Form(form.values, {"": error.detail}), None
    except RefusedError as error:
        return Form(form.values, {"": _told(error)}), None


def read_sheet(typed: Mapping[str, str]) -> Form[AnswerSheet]:
    """Read the answers off a form, whose fields are named by the items they are about."""
    values = {name: value for name, value in typed.items() if name != "_csrf"}
    answers = [
        {
            "id": name.removeprefix(ANSWER),
            "answer": value,
            "content_hash": values.get(HASH + name[len(ANSWER) :], ""),
        }
        for name, value in values.items()
        if name.startswith(ANSWER) and value
    ]
    if not answers:
        return Form(values, {"": "Choose keep or remove for at least one of them."})
    own = {"meaning": values.get("meaning", ""), "reason": values.get("reason", "")}
    try:
        return Form(values, {}, AnswerSheet.model_validate({"answers": answers, **own}))
    except ValidationError as mistakes:
        return Form(values, sentences(mistakes))


def _told(error: RefusedError) -> str:
    return error.detail if "holder_may_not_keep" in error.reasons else told_step_up(error)
