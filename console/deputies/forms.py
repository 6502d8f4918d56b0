"""What the area of deputies takes and gives."""

from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field, model_validator

from console.catalog.forms import Form, Why
from console.changes.forms import Someone

MOST_DAYS = 90


class DelegationCreate(Form):
    """Let a deputy answer in my stead for some days, or say that I am away; `deputy` is an id or a handle."""

    deputy: Annotated[str, Field(max_length=64)] = ""
    days: Annotated[int, Field(ge=1, le=MOST_DAYS)]
    away: bool = False
    reason: Why

    @model_validator(mode="after")
    def _say_something(self) -> "DelegationCreate":
        if not self.deputy and not self.away:
            raise ValueError("Name a deputy, or say that you are away.")
        return self


class DelegationRead(BaseModel):
    """A delegation; `state` is named (the deputy has not accepted), in force or away."""

    id: UUID
    person: Someone
    deputy: Someone | None
    state: str
    away: bool
    starts: str
    ends: str
    own: bool
    to_accept: bool
