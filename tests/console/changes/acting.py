"""What the people of an organisation try, drawn by whoever drives it: Hypothesis, or a seeded generator."""

import random
from typing import Final
from uuid import UUID

from policy.models import Change, ChangeKind, ReviewDecision
from policy.plan import Plan
from tests.console.changes.world import (
    GROUPS,
    HOUR,
    RECEIVING,
    Deputising,
    Organisation,
    plan_of,
)

DIGESTS: Final = ("a" * 64, "b" * 64)
KINDS: Final = (ChangeKind.ACCESS, ChangeKind.ROLE, ChangeKind.POLICY)
INNER: Final = ("guild", "night-shift")
RULES: Final = (
    ((("owner:risk", 1), ("reviewer", 1)), None, ()),
    ((("owner:risk", 1), ("reviewer", 1)), 24, ("reviewer",)),
    ((("reviewer", 1),), None, ()),
    ((("reviewer", 2),), 24, ("owner:law",)),
    ((("owner:risk", 1), ("owner:law", 1), ("reviewer", 1)), 48, ("owner:risk", "reviewer")),
)
"""What a company may ask: an AND of groups, counts, hours, and who answers then."""


def account(number: int) -> UUID:
    """Return the account with this number."""
    return UUID(int=number + 1)


def rule(number: int, revision: int) -> Plan:
    """Return one of the rules, as a revision of the policy says it."""
    wanted, hours, further = RULES[number % len(RULES)]
    return plan_of(f"r{revision}", *wanted, hours=hours, further=further)


def organisation(people: int, twins: int) -> Organisation:
    """Return an organisation of people, some of whom have a second account that nobody has linked yet."""
    accounts = [account(number) for number in range(people + twins)]
    org = Organisation(accounts, {kind: rule(0, 0) for kind in KINDS})
    org.rules[ChangeKind.POLICY] = org.rules[ChangeKind.ROLE] = rule(2, 0)
    return org


def settle(org: Organisation, chance: random.Random) -> None:
    """Put people into groups, and groups into groups."""
    for group in (*GROUPS, RECEIVING, *INNER):
        size = chance.randint(0, max(1, len(org.accounts) // 2))
        org.members[group] = set(chance.sample(org.accounts, size))
    for group in (*GROUPS, RECEIVING, *INNER):
        org.nested[group] = {one for one in INNER if chance.random() < 0.25}


def act(org: Organisation, chance: random.Random) -> None:
    """Let somebody try something."""
    who, other = chance.choice(org.accounts), chance.choice(org.accounts)
    change = chance.choice(org.pending() or [None])
    move = chance.choices(MOVES, WEIGHTS)[0]
    if move == "ask":
        ask(org, who, other, chance)
    elif move in {"sign", "edit", "withdraw"}:
        if change is not None:
            answer(org, who, change, move, chance)
    else:
        happen(org, who, other, move, chance)


MOVES: Final = ("ask", "sign", "edit", "withdraw", "join", "delegate", "accept", "link", "leave", "time")
WEIGHTS: Final = (14, 50, 5, 2, 8, 6, 4, 3, 2, 4)


def ask(org: Organisation, who: UUID, other: UUID, chance: random.Random) -> None:
    """Ask for access, for a role of somebody, or for another rule of some kind of change."""
    kind, digest = chance.choice(KINDS), chance.choice(DIGESTS)
    if kind is ChangeKind.POLICY:
        candidate = chance.choice(KINDS), rule(chance.randrange(9), chance.randrange(1, 10**6))
        org.ask(who, kind, digest, candidate=candidate)
        return
    org.ask(who, kind, digest, target=other if kind is ChangeKind.ROLE else None)


def answer(org: Organisation, who: UUID, change: Change, move: str, chance: random.Random) -> None:
    """Sign what is there, or what was; edit, or edit back; withdraw."""
    if move == "edit":
        by = change.requester_id if chance.random() < 0.8 else who
        org.change_content(by, change, chance.choice(DIGESTS))
    elif move == "withdraw":
        org.take_back(who, change)
    else:
        seen = change.content_hash if chance.random() < 0.9 else chance.choice(DIGESTS)
        refuses = chance.random() < 0.05
        org.sign(who, change, ReviewDecision.REFUSE if refuses else ReviewDecision.APPROVE, seen)


def happen(org: Organisation, who: UUID, other: UUID, move: str, chance: random.Random) -> None:
    """Change who somebody is: groups, deputies, accounts, leavers, and what time it is."""
    if move == "join":
        group = chance.choice((*GROUPS, RECEIVING, *INNER))
        org.members.setdefault(group, set()).symmetric_difference_update({who})
        org.nested.setdefault(group, set()).symmetric_difference_update({chance.choice(INNER)})
    elif move == "delegate" and who != other:
        org.deputies.append(Deputising(who, other, org.now + chance.randint(1, 72) * HOUR, accepted=False))
    elif move == "accept":
        org.deputies = [
            Deputising(one.person, one.deputy, one.ends, accepted=chance.random() < 0.9)
            for one in org.deputies
        ]
    elif move == "link" and who != other:
        org.links.symmetric_difference_update({frozenset({who, other})})
    elif move == "leave":
        if who in org.active:
            org.leave(who)
        else:
            org.active.add(who)
    elif move == "time":
        org.now += chance.randint(1, 40) * HOUR
