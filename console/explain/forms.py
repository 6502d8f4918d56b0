"""What the explaining pages and their API give."""

from typing import Final, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from console.catalog.forms import Form
from policy.permissions import Permission

VERBS: Final = {
    "invoke": Permission.MODEL_INVOKE,
    "describe": Permission.MODEL_DESCRIBE,
    "read": Permission.MODEL_READ,
    "stop": Permission.ROUTE_STOP,
    "start": Permission.ROUTE_START,
    "publish": Permission.MODEL_PUBLISH,
    "revoke": Permission.GRANT_REVOKE,
}
"""What can be asked about, by the word for it; a permission's own name is understood too."""

Verb = Literal["invoke", "describe", "read", "stop", "start", "publish", "revoke"]


class Named(BaseModel):
    """A person or service; the handle is missing once somebody was erased."""

    id: UUID
    handle: str | None


class CouldRead(BaseModel):
    """Somebody could do it, on this route of this team; `grounds` as a decision names them."""

    person: Named
    route: str
    team: str
    grounds: list[str]


class Hop(BaseModel):
    """One step of why: what it is, in words, since when, and the event that made it so."""

    kind: str
    title: str
    detail: str = ""
    since: str | None = None
    event: UUID | None = None


class Way(BaseModel):
    """How one ground came about: person, group, team, grant, approval, line of the policy."""

    ground: str
    hops: list[Hop]


class Line(BaseModel):
    """A line of the policy that says it."""

    file: str
    number: int
    text: str


class Granting(BaseModel):
    """A group whose approval is missing, in words, and who is in it."""

    group: str
    words: str
    count: int
    people: list[Named]


class Explanation(BaseModel):
    """Why somebody may or may not do something on a route, at a moment, as known at another.

    `reasons` are a decision's codes with the lines that give them; `could_grant` says whose approval would
    change it. `revision` is the policy that answered, `supposed` the group that was supposed.
    """

    person: Named
    route: str
    verb: str
    at: str
    known: str
    allow: bool
    reasons: list[str]
    ways: list[Way]
    refused_by: list[Line]
    could_grant: list[Granting]
    revision: str
    supposed: str | None = None


class PastAsk(Form):
    """Who could do what at a moment: `known` is `now`, `then` or a time."""

    who: str = Field("", max_length=64)
    model: str = Field("", max_length=97)
    verb: str = Field("invoke", max_length=40)
    at: str = Field("", max_length=40)
    known: str = Field("", max_length=40)
    after: str = Field("", max_length=1024)


class ExplainAsk(PastAsk):
    """Why: with a policy by its revision, and a group that is supposed."""

    revision: str = Field("", max_length=64)
    group: str = Field("", max_length=500)
