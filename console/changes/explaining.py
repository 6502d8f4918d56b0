"""A plan in words: why these people are asked, until when, and who answers in their stead."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from console.catalog.explained import group_in_words

REASONS: Final = {"tier": "the tier, {}", "data_class": "the data class, {}", "kind": "what it changes"}
PURPOSE: Final = "what the model is for"


class Planned(Protocol):
    """What is told of a change's plan."""

    due: str | None
    overdue: bool
    further: list[str]
    why: list[str]


@dataclass(frozen=True, slots=True)
class PlanWords:
    """The plan as its card tells it; `due` is RFC 3339, None for no clock or a decided change."""

    due: str | None
    overdue: bool
    further: str
    why: str


def plan_words(asked: Planned) -> PlanWords:
    """Return the plan in words."""
    further = " or ".join(group_in_words(group) for group in asked.further)
    return PlanWords(asked.due, asked.overdue, further if asked.due else "", _because(asked.why))


def _because(codes: Sequence[str]) -> str:
    told = []
    for code in codes:
        kind, _, value = code.partition(":")
        told.append(REASONS.get(kind, PURPOSE).format(value))
    return ", and ".join(told)
