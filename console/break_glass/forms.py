"""What the break glass pages and API take and give."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from console.catalog.forms import Form


class BreakGlassReview(Form):
    """What somebody found on looking at what was done."""

    findings: Annotated[str, Field(min_length=3, max_length=2000)]


class BreakGlassRead(Form):
    """One use: times are RFC 3339; `state` is open, unreviewed or reviewed."""

    id: UUID
    holder: str
    opened: str
    ends: str
    state: str
    reviewed_by: str | None
    repaired: bool
    may_review: bool


class SealedRead(Form):
    """That somebody keeps a sealed credential, and since when."""

    holder: str
    created: str
