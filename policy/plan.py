"""Which approvals a change needs, as policy answered it."""

from collections.abc import Mapping
from dataclasses import dataclass

from policy.decision import GroupCount


@dataclass(frozen=True, slots=True)
class Plan:
    """The answer of ``guildhall/approval/plan``.

    Attributes:
        required: groups and how many different people of each.
        missing: what the valid approvals so far leave open.
        why: stable codes of the facts that asked for these groups.
        revision: bundle revision that answered.
    """

    required: tuple[GroupCount, ...]
    missing: tuple[GroupCount, ...]
    why: tuple[str, ...]
    revision: str

    def required_document(self) -> list[dict[str, object]]:
        """Return ``required`` as the JSON that changes store and the API shows."""
        return [entry.document() for entry in self.required]


def read_group_counts(value: object) -> tuple[GroupCount, ...]:
    """Read a list of ``{"group", "count"}``.

    Raises:
        TypeError: the value has another shape.
    """
    if not isinstance(value, list):
        raise TypeError("Groups and counts come as a list.")
    return tuple(_read_group_count(entry) for entry in value)


def _read_group_count(entry: object) -> GroupCount:
    if not isinstance(entry, Mapping) or set(entry) != {"group", "count"}:
        raise TypeError("An entry is a group and a count.")
    group, count = entry["group"], entry["count"]
    if not isinstance(group, str) or not isinstance(count, int) or isinstance(count, bool) or count < 1:
        raise TypeError("A group is text and its count a positive integer.")
    return GroupCount(group, count)
