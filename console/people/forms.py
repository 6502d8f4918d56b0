"""What the people area takes."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field, model_validator

from console.catalog.forms import Form, Why
from console.changes.forms import Someone
from sso.models import PlatformRole, RuleMatcher, RuleRole, TeamRole

TEAM_NAME = r"^[a-z0-9][a-z0-9-]{0,31}$"
BY_CLAIMS = "Say whose rights: a person, or claims with their issuer."

Who = Annotated[str, Field(min_length=1, max_length=200)]
TeamName = Annotated[str, Field(pattern=TEAM_NAME)]
ScopeText = Annotated[str, Field(max_length=2000)]


class MappingRuleCreate(Form):
    """Who carries this claim value gets this role: in a team, or on the platform within a scope.

    A `path_prefix` matches a path and everything below it; for owner and member without a `team`, the next
    step of the path names the team.
    """

    issuer: Annotated[str, Field(min_length=1, max_length=512)]
    claim: Annotated[str, Field(pattern=r"^[A-Za-z0-9_:./-]{1,100}$")]
    matcher: RuleMatcher = RuleMatcher.EXACT
    value: Annotated[str, Field(min_length=1, max_length=255)]
    role: RuleRole
    team: TeamName | None = None
    scope: ScopeText = "all"
    reason: Why = "A mapping rule is needed."


class MappingRuleDelete(Form):
    """Why a rule goes."""

    reason: Why


class MappingRuleRead(Form):
    """A mapping rule as admins and auditors see it; `matches` is how many people carried the value last."""

    id: UUID
    issuer: str
    claim: str
    matcher: str
    value: str
    role: str
    team: str | None
    scope: str
    matches: int = 0


class Preview(Form):
    """Whose rights to work out: of somebody known, or of pasted claims; with a rule that is not there yet."""

    person: Who | None = None
    issuer: str | None = None
    claims: dict[str, Any] | None = None
    rule: MappingRuleCreate | None = None

    @model_validator(mode="after")
    def _whose(self) -> "Preview":
        if (self.person is None) == (self.claims is None) or (self.claims is not None and not self.issuer):
            raise ValueError(BY_CLAIMS)
        return self


class IdentityLinkAsk(Form):
    """Two accounts, each by id or handle, that are one human, and how that is known."""

    person: Who
    other: Who
    reason: Why


class IdentityLinkPart(Form):
    """Why two accounts are two humans again."""

    reason: Why


class IdentityLinkRead(BaseModel):
    """Two accounts that count as one human, and the change that said so."""

    id: UUID
    person: Someone
    other: Someone
    created: str
    change: UUID


class TeamCreate(Form):
    """A new team; its name appears in policies, and is never used again."""

    name: TeamName


class MembershipCreate(Form):
    """Put somebody, by id or handle, into a team by hand."""

    person: Who
    team: TeamName
    role: TeamRole = TeamRole.MEMBER
    reason: Why


class RoleCreate(Form):
    """Give somebody, by id or handle, a role on the platform by hand."""

    person: Who
    role: PlatformRole
    scope: ScopeText = "all"
    reason: Why


class StateChange(Form):
    """Keep a person out, or let them in again."""

    state: Literal["active", "disabled"]


class Me(Form):
    """Who the caller is, and which rights the tables hold for them."""

    id: UUID
    handle: str
    name: str
    teams: list[str]
    owner_of: list[str]
    roles: list[str]
