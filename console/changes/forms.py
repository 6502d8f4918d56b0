"""What an answer to a change takes and gives: input refuses unknown members, output chooses its own."""

from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, Field, model_validator

from console.catalog.forms import Form
from console.pseudonyms import pseudonym
from policy.models import ReviewDecision

SHORTEST_REASON = 3
MOST_REVIEWS = 20


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
    """An answer to the change with this id."""

    id: UUID


class ReviewSubmission(Form):
    """Answers to different changes, signed together by one sign-in: all count, or none."""

    reviews: Annotated[tuple[SignedReview, ...], Field(min_length=1, max_length=MOST_REVIEWS)]

    @model_validator(mode="after")
    def _differ(self) -> "ReviewSubmission":
        if len({review.id for review in self.reviews}) < len(self.reviews):
            raise ValueError("Each change is answered once in a submission.")
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


class ReviewRead(BaseModel):
    """A signed answer: who, when, and what it meant; a deputy's names whom it stands for."""

    reviewer: Someone
    time: str
    decision: str
    meaning: str
    reason: str
    groups: list[str]
    content_hash: str
    stands_for: Someone | None


class Reviewed(BaseModel):
    """Where a change stands after a review; `id` is the change's."""

    id: UUID
    state: str
    review_id: UUID
    grant_id: UUID | None


class ChangeCreated(BaseModel):
    """A change as its author hears of it."""

    id: UUID
    kind: str
    state: str
    content_hash: str
    required: list[Asked]


class ChangeItem(BaseModel):
    """A change in a list; `asked` says that the caller's answer is awaited."""

    id: UUID
    kind: str
    state: str
    sentence: str
    requester: Someone
    created: str
    decided: str | None
    required: list[Asked]
    due: str | None
    asked: bool


class Consequence(BaseModel):
    """One thing that approving would do, as things stand."""

    label: str
    text: str


class ChangeDetail(ChangeItem):
    """A change as those who answer read it.

    `content` is everything that is signed, `content_hash` its hash; `stale` says why it can no longer be
    approved; `consequences` are what it would do now, counted at the time of reading and not signed. `party`
    says that it is about the caller, or that they would gain by it: they do not answer.
    """

    content: dict[str, Any]
    content_hash: str
    missing: list[Asked]
    reviews: list[ReviewRead]
    stale: str | None
    own: bool
    party: bool
    why: list[str]
    further: list[str]
    overdue: bool
    consequences: list[Consequence]


class ChangeReviewed(BaseModel):
    """Where a change stands after an answer; `id` is the change's."""

    id: UUID
    state: str
    review_id: UUID
