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
        answer_hours: within how many hours an answer is due; None is no clock.
        further: groups that answer in the stead of those asked once it is overdue.
        automatic: whether the company agreed to let it go without an answer (a floor in code decides too).
    """

    required: tuple[GroupCount, ...]
    missing: tuple[GroupCount, ...]
    why: tuple[str, ...]
    revision: str
    answer_hours: int | None = None
    further: tuple[str, ...] = ()
    automatic: bool = False

    def required_document(self) -> list[dict[str, object]]:
        """Return ``required`` as the JSON that changes store and the API shows."""
        return [entry.document() for entry in self.required]


def read_clock(value: object) -> tuple[int | None, tuple[str, ...]]:
    """Read ``{"answer_hours", "further"}``, or null for no clock.

    Raises:
        TypeError: the value has another shape.
    """
    if value is None:
        return None, ()
    if not isinstance(value, Mapping) or set(value) != {"answer_hours", "further"}:
        raise TypeError("A clock is hours and further groups.")
    hours, further = value["answer_hours"], value["further"]
    if not isinstance(hours, int) or isinstance(hours, bool) or hours < 1:
        raise TypeError("The hours of a clock are a positive integer.")
    if not isinstance(further, list) or not all(isinstance(group, str) for group in further):
        raise TypeError("Further groups come as a list of text.")
    return hours, tuple(further)


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
