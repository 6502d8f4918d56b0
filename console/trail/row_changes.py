"""The rows an act changed, as its page shows them: each with its fields before and after."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from console.trail.flat import flatten
from console.web.diffs import FieldChange, diff_fields


@dataclass(frozen=True, slots=True)
class ShownChange:
    """One row: what it is, whether it is new, changed or gone, and the fields that differ."""

    kind: str
    id: str
    what: str
    fields: Sequence[FieldChange]


def read_changes(content: Mapping[str, Any]) -> list[ShownChange]:
    """Return the changes that a part holds (`audit.following.differences`)."""
    return [_shown(row) for row in content.get("rows", ())]


def _shown(row: Mapping[str, Any]) -> ShownChange:
    before, after = row["before"], row["after"]
    what = "added" if before is None else "gone" if after is None else "changed"
    fields = diff_fields(dict(flatten(before or {})), dict(flatten(after or {})))
    return ShownChange(row["kind"].replace("_", " "), row["id"], what, [one for one in fields if one.field])
