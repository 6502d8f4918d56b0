"""What the people area takes and gives."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from console.catalog.forms import Form
from sso.models import RuleRole

TEAM_NAME = r"^[a-z0-9][a-z0-9-]{0,31}$"


class MappingRuleCreate(Form):
    """Who carries this exact claim value gets this role: in a team, or on the platform within a scope."""

    issuer: Annotated[str, Field(min_length=1, max_length=512)]
    claim: Annotated[str, Field(pattern=r"^[A-Za-z0-9_:./-]{1,100}$")]
    value: Annotated[str, Field(min_length=1, max_length=255)]
    role: RuleRole
    team: Annotated[str, Field(pattern=TEAM_NAME)] | None = None
    scope: Annotated[str, Field(max_length=2000)] = "all"


class MappingRuleRead(Form):
    """A mapping rule as admins and auditors see it."""

    id: UUID
    issuer: str
    claim: str
    value: str
    role: str
    team: str | None
    scope: str


class Me(Form):
    """Who the caller is, and which rights the tables hold for them."""

    id: UUID
    handle: str
    name: str
    teams: list[str]
    owner_of: list[str]
    roles: list[str]
