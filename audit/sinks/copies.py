"""A copy of an entry as a follower keeps it, for the comparison that looks at every one of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from audit.formats import ECS, Format

BEHIND: Final = 2**63 - 1
"""The place of a copy that states no index: after all others."""


@dataclass(frozen=True, slots=True)
class Copy:
    """One document.

    Attributes:
        index: the index it states, or ``BEHIND``.
        id: how the follower calls it, for the report.
        source: the whole document.
        apart: whether it was set aside, and so holds the original only.
        in_place: whether it lies under the id its entry has.
        form: how it is written.
    """

    index: int
    id: str
    source: Mapping[str, Any]
    apart: bool = False
    in_place: bool = True
    form: Format = ECS
