"""What the area of keys takes and gives; a key's text is in one answer only, the one to its making."""

from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, Field

from console.access.forms import no_truth
from console.catalog.forms import Form, Name, Why
from console.changes.forms import Someone

ROUTE = r"^[a-z0-9][a-z0-9-]{0,31}\.[a-z0-9][a-z0-9._-]{0,63}$"
Label = Annotated[str, Field(min_length=1, max_length=100)]
Days = Annotated[int, BeforeValidator(no_truth), Field(ge=1, le=365)]
Hours = Annotated[int, BeforeValidator(no_truth), Field(ge=0, le=168)]
Scope = Annotated[str, Field(min_length=1, max_length=40)]
RouteName = Annotated[str, Field(pattern=ROUTE)]


class KeyCreate(Form):
    """A key: what it is called, what it is for, how long; of a service account, or else of one's own."""

    name: Label
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=20)]
    routes: Annotated[list[RouteName], Field(min_length=1, max_length=50)] | None = None
    days: Days = 90
    service: UUID | None = None


class KeyRotate(Form):
    """A new secret; for so many hours the one of before counts too."""

    grace_hours: Hours = 24


class KeysRevoke(Form):
    """Many keys to end at once, and why."""

    ids: Annotated[list[UUID], Field(min_length=1, max_length=200)]
    reason: Why


class KeysRevoked(BaseModel):
    """Which of them were not revoked before."""

    revoked: list[UUID]


class LeakReport(Form):
    """Keys and SCIM tokens that somebody found where they should not be."""

    tokens: Annotated[list[Annotated[str, Field(max_length=200)]], Field(min_length=1, max_length=100)]


class LeaksReceived(BaseModel):
    """The one answer to every report: it tells nobody which of the texts was a key."""

    received: bool = True


class ServiceAccountCreate(Form):
    """A program that a team answers for."""

    team: Name
    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")]
    purpose: Why


class KeyRead(BaseModel):
    """A key without its secret; `starts_with` is what its text begins with, `state` what it is now.

    States: `active`, `ended`, `revoked`, or `owner_gone`.
    """

    id: UUID
    starts_with: str
    name: str
    owner: Someone
    owner_kind: str
    team: str | None
    scopes: list[str]
    routes: list[str] | None
    state: str
    created: str
    ends: str
    last_used: str | None
    old_secret_ends: str | None
    revoked_at: str | None
    revoke_reason: str | None


class KeyCreated(BaseModel):
    """A key and, this once, its text."""

    key: KeyRead
    token: str = Field(repr=False)


class ServiceAccountRead(BaseModel):
    """A service account; `orphaned` says that its team has no owner left."""

    id: UUID
    handle: str
    team: str
    purpose: str
    state: str
    orphaned: bool
    keys: int
    created: str
