"""What a plan says, as numbers and ids: kept with its run, shown on the page, and answered by the API."""

import json
from collections import Counter
from collections.abc import Iterator
from typing import Final

from pydantic import BaseModel

from sso.mapping import Rights
from sso.syncing.plan import Kind, PersonChange, Plan

MOST_NAMED: Final = 100
"""People of a plan who are named one by one; the rest are counted."""


class ToldRight(BaseModel):
    """A role, in a team (its id) or on the platform, and how many people would gain and lose it."""

    team: str | None
    role: str
    gained: int
    lost: int


class ToldPerson(BaseModel):
    """Somebody we know, what becomes of them, and how many roles they gain and lose."""

    person: str
    kind: str
    gained: int
    lost: int


class Told(BaseModel):
    """A plan in numbers. People who are not here yet are only counted, never named."""

    held: int = 0
    added: int = 0
    changed: int = 0
    ended: int = 0
    returned: int = 0
    taking: int = 0
    rights: list[ToldRight] = []
    people: list[ToldPerson] = []


def tell(plan: Plan) -> Told:
    """Return what `plan` would do."""
    taking_first = sorted(plan.changes, key=lambda change: not change.takes)
    named = (told for change in taking_first if (told := _person(change)) is not None)
    return Told(
        held=plan.held,
        added=plan.count(Kind.ADD),
        changed=plan.count(Kind.CHANGE),
        ended=plan.count(Kind.END),
        returned=plan.count(Kind.RETURN),
        taking=plan.taking,
        rights=_rights(plan),
        people=[told for _, told in zip(range(MOST_NAMED), named, strict=False)],
    )


def read_told(text: str | None) -> Told:
    """Return what a run kept; nothing when it has none."""
    return Told.model_validate(json.loads(text)) if text else Told()


def _person(change: PersonChange) -> ToldPerson | None:
    if change.held is None:
        return None
    return ToldPerson(
        person=str(change.held.id),
        kind=change.kind.value,
        gained=len(list(_names(change.gained))),
        lost=len(list(_names(change.lost))),
    )


def _rights(plan: Plan) -> list[ToldRight]:
    gained: Counter[tuple[str | None, str]] = Counter()
    lost: Counter[tuple[str | None, str]] = Counter()
    for change in plan.changes:
        gained.update(_names(change.gained))
        lost.update(_names(change.lost))
    most = sorted(gained.keys() | lost.keys(), key=lambda name: (-lost[name], -gained[name], str(name)))
    return [
        ToldRight(team=team, role=role, gained=gained[team, role], lost=lost[team, role])
        for team, role in most[:MOST_NAMED]
    ]


def _names(rights: Rights) -> Iterator[tuple[str | None, str]]:
    yield from ((str(team), role.value) for team, role in rights.memberships)
    yield from ((None, role.value) for role, _ in rights.roles)
