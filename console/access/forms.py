"""What the access area takes and gives: input refuses unknown members, output chooses its own."""

from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, Field, model_validator

from console.catalog.forms import Form, Why
from console.changes.forms import Asked, ReviewRead, Someone
from policy.access import MOST_MONTHLY_CALLS


def no_truth(value: object) -> object:
    """Refuse true and false where a number is asked for: to Python they are 1 and 0."""
    if isinstance(value, bool):
        raise ValueError("This is a whole number, not true or false.")  # noqa: TRY004 - pydantic reads ValueError
    return value


MonthlyCalls = Annotated[int, Field(ge=1, le=MOST_MONTHLY_CALLS)]


class AccessRequestCreate(Form):
    """A team asks to call a route, for a purpose and a number of days.

    `service` is the id of one of its service accounts, `person` the id or handle of one of its members: then
    that one may call, and nobody else.
    `monthly_calls` is how many calls are meant; ten times as many make the approval stale.
    """

    route: Annotated[str, Field(min_length=1, max_length=97)]
    team: Annotated[str, Field(min_length=1, max_length=32)]
    purpose: Why
    duration_days: Annotated[int, BeforeValidator(no_truth), Field(ge=1, le=365)]
    service: UUID | None = None
    person: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    monthly_calls: Annotated[MonthlyCalls | None, BeforeValidator(no_truth)] = None

    @model_validator(mode="after")
    def _one_receiver(self) -> "AccessRequestCreate":
        if self.service is not None and self.person is not None:
            raise ValueError("Ask for a service account or for a person, not for both.")
        return self


class RequestCreated(BaseModel):
    """A request as its author hears of it."""

    id: UUID
    state: str
    content_hash: str
    required: list[Asked]
    grant_id: UUID | None = None


class RequestItem(BaseModel):
    """A request in a list; `asked` says that the caller's answer is awaited, `due` until when answers are.

    `service` is the handle of the team's service account that it is for, `person` the one member of the team;
    null for the whole team.
    """

    id: UUID
    state: str
    route: str
    title: str
    owner_team: str
    team: str
    service: str | None
    person: Someone | None
    tier: str
    data_class: str
    purpose: str
    duration_days: int
    requester: Someone
    created: str
    decided: str | None
    required: list[Asked]
    grant_id: UUID | None
    due: str | None
    automatic: bool
    asked: bool

    @property
    def receiver(self) -> str:
        """In words, who would call: the team, one of its service accounts, or one person of it."""
        if self.person:
            return f"{self.person.shown}, of team {self.team}"
        return f"service account {self.service}" if self.service else f"team {self.team}"


class RequestDetail(RequestItem):
    """A request as reviewers read it.

    `content` is everything that is signed, `content_hash` its hash; `stale` says that the request can no
    longer be approved: the model has changed since, or the service account is none of the team's any more.
    `stale_because` says it in a sentence. `own` says that the caller asked for it. `changed` names what is no
    longer as it was when this was approved, and `repeat` the answers that were given on it; `again` says that
    the caller is one of those who are to answer anew.
    """

    content: dict[str, Any]
    content_hash: str
    missing: list[Asked]
    reviews: list[ReviewRead]
    stale: bool
    stale_because: str | None
    own: bool
    why: list[str]
    further: list[str]
    overdue: bool
    changed: list[str] = []
    repeat: list[ReviewRead] = []
    again: bool = False


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
    stale: list[str] = []
    revoked_at: str | None
    revoke_reason: str | None
