"""What the custody area takes and gives: input refuses unknown members, output chooses its own."""

from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field, model_validator

from console.catalog.forms import Form, Why
from console.changes.forms import Someone

Class = Literal["admin", "auth", "invoke", "audit"]
Days = Annotated[int, Field(ge=1, le=36_525)]
Index = Annotated[int, Field(ge=0, le=2**53 - 1)]


class RetentionAsk(Form):
    """Ask that the details of one class are kept for so many days, and removed after them."""

    name: Class
    days: Days
    reason: Why


class PruneAsk(Form):
    """Ask that details of one class from before a day (UTC) are removed once, earlier than scheduled."""

    name: Class
    before: date
    reason: Why


class ErasureAsk(Form):
    """Ask that a person is erased, by id or handle."""

    person: Annotated[str, Field(min_length=1, max_length=200)]
    reason: Why


class DisclosureAsk(Form):
    """Ask that a follower is told details in clear, or pseudonyms alone again."""

    sink: Annotated[str, Field(min_length=1, max_length=80)]
    details: bool
    reason: Why


class LogKeyAsk(Form):
    """Ask that the log gets another key, or that it ends; the rest is of a key alone.

    `overlap_days` is how long the former key signs beside the new one, unless it is `lost`.
    """

    act: Literal["rotate", "end"]
    overlap_days: Annotated[int, Field(ge=0, le=400)] = 30
    lost: bool = False
    reason: Why


class HoldReleaseAsk(Form):
    """Ask that a hold ends."""

    hold: UUID
    reason: Why


class HoldCreate(Form):
    """Put entries under hold: all that fulfil every condition given, at least one.

    `actor` is an id or a handle, `since` and `until` are days (UTC), the first included, the last not.
    """

    actor: Annotated[str, Field(max_length=200)] | None = None
    resource: UUID | None = None
    request: UUID | None = None
    since: date | None = None
    until: date | None = None
    first_index: Index | None = None
    last_index: Index | None = None
    reason: Why

    @model_validator(mode="after")
    def _covers(self) -> "HoldCreate":
        given = self.model_dump(exclude={"reason"})
        if all(value is None for value in given.values()):
            raise ValueError("Say what is held: at least one condition.")
        if self.since and self.until and self.until <= self.since:
            raise ValueError("A hold ends on a day after the one it begins on.")
        if None not in (self.first_index, self.last_index) and self.last_index < self.first_index:  # type: ignore[operator]
            raise ValueError("The last index is not before the first.")
        return self


class HoldRead(BaseModel):
    """A hold; `covers` says in words what it holds, of whom `actor`, `released` when it ended."""

    id: UUID
    covers: str
    actor: Someone | None
    conditions: dict[str, Any]
    reason: str
    created: str
    created_by: Someone
    released: str | None
    released_by: UUID | None


class RetentionRead(BaseModel):
    """One class: `days` as approved, null before two people have approved any, and nothing is removed.

    `change` is what approved it, `removed_until` the index below which its details are removed or held.
    """

    name: str
    meaning: str
    days: int | None
    default_days: int
    floor_days: int
    change: UUID | None
    since: str | None
    removed_until: int
