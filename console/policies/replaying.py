"""Replays the last days' decisions under a draft, and lists every one that would come out differently."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from typing import Any, Final

from console.clock import DAY, to_text
from console.policies.past import Read, read_pasts
from console.services import Services
from policy.bundles import Bundle
from policy.canonical import content_hash
from policy.decision import PolicyUnavailable
from policy.replay import Again, replay

ENGINE: Final = f"regopy {version('regopy')}"


@dataclass(frozen=True, slots=True)
class Flip:
    """Decisions alike that would come out differently: who, what, where, before and after, and how many.

    `entry` is the first of them in the log; `person` is an id.
    """

    person: str
    action: str
    route: str
    allowed: bool
    reasons: tuple[str, ...]
    would_allow: bool
    would_reasons: tuple[str, ...]
    times: int
    entry: str

    @property
    def what(self) -> str:
        """What it is, in a word for people."""
        if self.allowed == self.would_allow:
            return "another reason"
        return "newly allowed" if self.would_allow else "newly refused"


@dataclass(frozen=True, slots=True)
class Replay:
    """What replaying found. `undecided` are those for which the draft gives no answer at all."""

    revision: str
    since: str
    decisions: int
    unreadable: int
    undecided: int
    flips: tuple[Flip, ...]

    @property
    def flipped(self) -> int:
        """How many decisions would come out differently."""
        return sum(flip.times for flip in self.flips)

    def document(self) -> dict[str, Any]:
        """Return the JSON form."""
        said = asdict(self)
        return said | {"flips": [_lists(asdict(flip)) for flip in self.flips]}

    @property
    def digest(self) -> str:
        """What a change of the policy binds of it."""
        return content_hash(self.document())

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> "Replay":
        """Return what `document` wrote."""
        flips = [
            Flip(**{**flip, "reasons": tuple(flip["reasons"]), "would_reasons": tuple(flip["would_reasons"])})
            for flip in document["flips"]
        ]
        return cls(**{**document, "flips": tuple(flips)})


async def replay_days(services: Services, candidate: Bundle, days: int, now: int) -> Replay:
    """Return what the candidate would have answered to the decisions of so many days.

    Raises:
        BundleError: the candidate does not compile, or was given up.
        audit.errors.KeyStoreError: the keys cannot be read now.
    """
    since, read = now - days * DAY, Read()
    pasts = [past async for past in read_pasts(services, since, read)]
    again = await asyncio.to_thread(lambda: list(replay(candidate, pasts)))
    return Replay(
        revision=candidate.revision,
        since=to_text(since),
        decisions=len(pasts),
        unreadable=read.unreadable,
        undecided=sum(isinstance(one.decision, PolicyUnavailable) for one in again),
        flips=gather(again),
    )


def gather(again: Sequence[Again]) -> tuple[Flip, ...]:
    """Return the flips, those alike as one, by what they are, whose and where."""
    flipped = [one for one in again if one.flipped]
    first: dict[tuple[Any, ...], str] = {}
    for one in flipped:
        first.setdefault(_alike(one), str(one.past.entry))
    counted = Counter(map(_alike, flipped))
    found = [_flip(alike, counted[alike], entry) for alike, entry in first.items()]
    return tuple(sorted(found, key=_place))


def _flip(alike: tuple[Any, ...], times: int, entry: str) -> Flip:
    person, action, route, allowed, reasons, would_allow, would_reasons = alike
    return Flip(person, action, route, allowed, reasons, would_allow, would_reasons, times, entry)


def _place(flip: Flip) -> tuple[str, ...]:
    return (flip.what, flip.person, flip.route, flip.action, *flip.reasons)


def _alike(one: Again) -> tuple[Any, ...]:
    query, past, decision = one.past.query, one.past, one.decision
    place = query.resource.get("name") or query.resource.get("type") or ""
    return (
        str(query.subject.get("id", "")),
        str(query.action),
        str(place),
        past.allow,
        past.reasons,
        decision.allow,
        decision.reasons,
    )


def _lists(flip: Mapping[str, Any]) -> dict[str, Any]:
    return {name: list(value) if isinstance(value, tuple) else value for name, value in flip.items()}
