"""What the access area takes and gives: input refuses unknown members, output chooses its own."""

from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, Field, model_validator

from console.catalog.forms import Form
from console.pseudonyms import pseudonym
from policy.models import ReviewDecision

SHORTEST_REASON = 3
MOST_REVIEWS = 20


def _no_truth(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError("This is a whole number, not true or false.")  # noqa: TRY004 - pydantic reads ValueError
    return value


class AccessRequestCreate(Form):
    """A team asks to call a route, for a purpose and a number of days."""

    route: Annotated[str, Field(min_length=1, max_length=97)]
    team: Annotated[str, Field(min_length=1, max_length=32)]
    purpose: Annotated[str, Field(min_length=3, max_length=500)]
    duration_days: Annotated[int, BeforeValidator(_no_truth), Field(ge=1, le=365)]


class ReviewCreate(Form):
    """A reviewer's answer: what it means, and the hash of the content that was seen."""

    decision: ReviewDecision
    meaning: Annotated[str, Field(min_length=1, max_length=200)]
    reason: Annotated[str, Field(max_length=500)] = ""
    content_hash: Annotated[str, Field(min_length=1, max_length=128)]

    @model_validator(mode="after")
    def _explain(self) -> "ReviewCreate":
        if self.decision is ReviewDecision.REFUSE and len(self.reason) < SHORTEST_REASON:
            raise ValueError("Whoever refuses says why, in 3 to 500 characters.")
        return self


class SignedReview(ReviewCreate):
    """An answer to the request with this id."""

    id: UUID


class ReviewSubmission(Form):
    """Answers to different requests, signed together by one sign-in: all count, or none."""

    reviews: Annotated[tuple[SignedReview, ...], Field(min_length=1, max_length=MOST_REVIEWS)]

    @model_validator(mode="after")
    def _differ(self) -> "ReviewSubmission":
        if len({review.id for review in self.reviews}) < len(self.reviews):
            raise ValueError("Each request is answered once in a submission.")
        return self


class Asked(BaseModel):
    """A group, and how many different people of it."""

    group: str
    count: int


class Someone(BaseModel):
    """A person by id, with handle and name while there are any."""

    id: UUID
    handle: str | None
    name: str | None

    @property
    def shown(self) -> str:
        """The name, or the pseudonym that is left of an erased person."""
        return self.name or pseudonym(self.id)


class RequestCreated(BaseModel):
    """A request as its author hears of it."""

    id: UUID
    state: str
    content_hash: str
    required: list[Asked]


class Reviewed(BaseModel):
    """Where a request stands after a review; `id` is the request's."""

    id: UUID
    state: str
    review_id: UUID
    grant_id: UUID | None


class RequestItem(BaseModel):
    """A request in a list; `asked` says that the caller's answer is awaited."""

    id: UUID
    state: str
    route: str
    title: str
    owner_team: str
    team: str
    tier: str
    data_class: str
    purpose: str
    duration_days: int
    requester: Someone
    created: str
    decided: str | None
    required: list[Asked]
    grant_id: UUID | None
    asked: bool


class ReviewRead(BaseModel):
    """A signed answer: who, when, and what it meant."""

    reviewer: Someone
    time: str
    decision: str
    meaning: str
    reason: str
    groups: list[str]
    content_hash: str


class RequestDetail(RequestItem):
    """A request as reviewers read it.

    `content` is everything that is signed, `content_hash` its hash; `stale` says that the model has
    changed since, so the request can no longer be approved. `own` says that the caller asked for it.
    """

    content: dict[str, Any]
    content_hash: str
    missing: list[Asked]
    reviews: list[ReviewRead]
    stale: bool
    own: bool


class GrantRead(BaseModel):
    """A grant on a route; `state` is scheduled, active, ended or revoked, `request` what it came from."""

    id: UUID
    route: str
    owner_team: str
    principal_type: str
    principal: str
    permission: str
    state: str
    starts: str
    ends: str
    request: UUID
    revoked_at: str | None
    revoke_reason: str | None
