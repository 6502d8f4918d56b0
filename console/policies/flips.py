"""Decisions that would come out differently, those alike as one: what, whose, where, before and after."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Final
from uuid import UUID

from policy.canonical import canonical
from policy.decision import PolicyUnavailable
from policy.replay import Again

ALLOWED: Final = "newly allowed"
REFUSED: Final = "newly refused"
REASON: Final = "another reason"
UNANSWERED: Final = "left unanswered"
_ORDER: Final = (ALLOWED, REFUSED, REASON, UNANSWERED)


@dataclass(frozen=True, slots=True)
class Flip:
    """What is alike of some decisions: who (an id), what, where, before and after; `entry` is the first."""

    person: str
    action: str
    route: str
    allowed: bool
    reasons: tuple[str, ...]
    would_allow: bool
    would_reasons: tuple[str, ...]
    times: int
    entry: str
    answered: bool = True

    @property
    def what(self) -> str:
        """What it is, in a word for people."""
        if self.allowed == self.would_allow:
            return REASON if self.answered else UNANSWERED
        return ALLOWED if self.would_allow else REFUSED

    @property
    def said(self) -> dict[str, Any]:
        """What is alike of them."""
        return {
            "person": self.person,
            "action": self.action,
            "route": self.route,
            "allowed": self.allowed,
            "reasons": list(self.reasons),
            "would_allow": self.would_allow,
            "would_reasons": list(self.would_reasons),
        }

    @property
    def place(self) -> str:
        """Where it stands among all: by what it is, then by person; the same for all that are alike."""
        whose, all_of_it = _hash(self.person.encode()), _hash(canonical(self.said))
        return f"{_ORDER.index(self.what)}{whose[:8]}{all_of_it}"


@dataclass(frozen=True, slots=True)
class Found:
    """What some decisions came to: the flips by place, and how many got no answer at all."""

    flips: dict[str, Flip]
    undecided: int

    @property
    def flipped(self) -> int:
        """How many decisions would come out differently."""
        return sum(flip.times for flip in self.flips.values())


def gather(again: Iterable[Again]) -> Found:
    """Return what decisions, in the order of the log, came to."""
    flips, undecided = dict[str, Flip](), 0
    for one in again:
        undecided += isinstance(one.decision, PolicyUnavailable)
        if one.flipped:
            flip = _flip(one)
            known = flips.get(place := flip.place)
            flips[place] = replace(known, times=known.times + 1) if known else flip
    return Found(flips, undecided)


def line_of(said: str, times: int, entry: UUID) -> bytes:
    """Return a stored flip as the report's digest covers it."""
    return canonical({"said": said, "times": times, "entry": str(entry)}) + b"\n"


def _flip(one: Again) -> Flip:
    query, past, decision = one.past.query, one.past, one.decision
    place = query.resource.get("name") or query.resource.get("type") or ""
    return Flip(
        person=str(query.subject.get("id", "")),
        action=str(query.action),
        route=str(place),
        allowed=past.allow,
        reasons=past.reasons,
        would_allow=decision.allow,
        would_reasons=decision.reasons,
        times=1,
        entry=str(past.entry),
        answered=one.answered,
    )


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
