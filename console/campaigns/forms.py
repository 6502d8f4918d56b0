"""What access review takes and gives: input refuses unknown members, output chooses its own."""

from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, Field, model_validator

from console.catalog.forms import Form, Name, Why
from console.changes.forms import MOST_REVIEWS, SHORTEST_REASON
from console.models import Tier


class Answer(StrEnum):
    """A reviewer's answer about one grant."""

    KEEP = "keep"
    REMOVE = "remove"


class CampaignCreate(Form):
    """Which grants are to be reviewed, those on a team's routes or on all, of a tier or of all, and why."""

    team: Name | None = None
    tier: Tier | None = None
    answer_days: Annotated[int, Field(ge=1, le=90)] | None = None
    reason: Why


class ItemAnswer(Form):
    """An answer about the item with this id, for the content that was seen."""

    id: UUID
    answer: Answer
    content_hash: Annotated[str, Field(min_length=1, max_length=128)]


class AnswerSheet(Form):
    """Answers about different items, signed together by one sign-in: all count, or none."""

    answers: Annotated[tuple[ItemAnswer, ...], Field(min_length=1, max_length=MOST_REVIEWS)]
    meaning: Annotated[str, Field(min_length=1, max_length=200)]
    reason: Annotated[str, Field(max_length=500)] = ""

    @model_validator(mode="after")
    def _sound(self) -> "AnswerSheet":
        if len({one.id for one in self.answers}) < len(self.answers):
            raise ValueError("Each item is answered once in a submission.")
        removes = any(one.answer is Answer.REMOVE for one in self.answers)
        if removes and len(self.reason) < SHORTEST_REASON:
            raise ValueError("Whoever removes access says why, in 3 to 500 characters.")
        return self


class CampaignRead(BaseModel):
    """A round of review: its scope, where it stands, and how many of its items await what."""

    id: UUID
    team: str | None
    tier: str | None
    reason: str
    state: str
    opened: str
    due: str
    closed: str | None
    items: int
    open: int
    kept: int
    removed: int
    lapsed: int


class ItemRead(BaseModel):
    """One grant under review: what is signed, who holds it, and what was answered.

    `asked` is whether the caller may answer; `own` that they hold it, and may only remove it.
    """

    id: UUID
    grant: UUID
    state: str
    content: dict[str, Any]
    content_hash: str
    holder: str
    purpose: str | None
    reviewer: str | None
    decided: str | None
    meaning: str | None
    reason: str | None
    asked: bool
    own: bool


class Answered(BaseModel):
    """What came of one answer."""

    id: UUID
    state: str


class OrphanGive(Form):
    """Which team is to own a model that nobody answers for, and why."""

    team: Name
    reason: Why


class OrphanRead(BaseModel):
    """What nobody answers for: a `team`, a `model` by its route's name, or a `grant` on one.

    `team` owns the model; `holder` is whose grant it is; `reason` is a code and `words` say it.
    """

    kind: str
    id: UUID
    name: str
    team: str
    holder: str
    reason: str
    words: str
