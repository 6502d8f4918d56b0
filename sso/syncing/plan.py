"""The difference between a directory and our tables, worked out without any input or output."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from sso.mapping import NO_TEAMS, Rights, Rule
from sso.syncing.given import GivenRights
from sso.syncing.held import HeldPerson
from sso.syncing.snapshot import DirectoryPerson, Snapshot


class Kind(StrEnum):
    """What happens to somebody."""

    ADD = "add"
    CHANGE = "change"
    END = "end"
    RETURN = "return"


@dataclass(frozen=True, slots=True)
class PersonChange:
    """One person, what is to become of them, and which claimed rights they then hold."""

    kind: Kind
    subject: str
    found: DirectoryPerson | None
    held: HeldPerson | None
    rights: Rights

    @property
    def gained(self) -> Rights:
        """What is new."""
        return minus(self.rights, self.held.rights if self.held else Rights())

    @property
    def lost(self) -> Rights:
        """What goes."""
        return minus(self.held.rights, self.rights) if self.held else Rights()

    @property
    def takes(self) -> bool:
        """Whether it takes anything away."""
        lost = self.lost
        return self.kind is Kind.END or bool(lost.memberships or lost.roles)


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything a sync would do, and how many people it was compared with."""

    issuer: str
    changes: tuple[PersonChange, ...]
    held: int

    def count(self, kind: Kind) -> int:
        """Return how many people it is about."""
        return sum(change.kind is kind for change in self.changes)

    @property
    def taking(self) -> int:
        """How many people lose something."""
        return sum(change.takes for change in self.changes)


def make_plan(
    snapshot: Snapshot,
    held: Mapping[str, HeldPerson],
    rules: Sequence[Rule],
    *,
    known_claims: frozenset[str],
    ended: frozenset[str] = frozenset(),
    teams: Mapping[str, UUID] = NO_TEAMS,
) -> Plan:
    """Return what brings `held` in line with `snapshot`.

    Args:
        snapshot: what the directory says.
        held: people of the issuer here, by subject.
        rules: every mapping rule.
        known_claims: the claims the directory can tell of; what other claims gave, it leaves alone.
        teams: the ids of teams by name, for rules whose team is named by a path.
        ended: subjects whose access an earlier sync ended; only they come back when enabled again there.
    """
    given = GivenRights(snapshot.issuer, rules, known_claims, teams)
    changes = []
    for subject, found in snapshot.people.items():
        if (change := _change(found, held.get(subject), given, ended)) is not None:
            changes.append(change)
    gone = sorted(snapshot.gone & held.keys())
    changes += [_end(subject, None, held[subject]) for subject in gone if held[subject].active]
    return Plan(snapshot.issuer, tuple(changes), len(held))


def missing(snapshot: Snapshot, held: Mapping[str, HeldPerson]) -> frozenset[str]:
    """Return active people of ours whom a whole reading did not show: ask for each before believing it."""
    return frozenset(
        subject for subject, person in held.items() if person.active and subject not in snapshot.people
    )


def minus(one: Rights, other: Rights) -> Rights:
    """Return what `one` holds and `other` does not."""
    return Rights(one.memberships - other.memberships, one.roles - other.roles)


def _change(
    found: DirectoryPerson, has: HeldPerson | None, given: GivenRights, ended: frozenset[str]
) -> PersonChange | None:
    if not found.enabled:
        return _end(found.subject, found, has) if has is not None and has.active else None
    rights = given.by_claims(found.claims)
    if has is None:
        return PersonChange(Kind.ADD, found.subject, found, None, rights)
    if not has.active and found.subject not in ended:
        return None
    wanted = given.with_kept(rights, has)
    kind = Kind.CHANGE if has.active else Kind.RETURN
    same = wanted == has.rights and (found.name, found.email) == (has.name, has.email)
    return None if has.active and same else PersonChange(kind, found.subject, found, has, wanted)


def _end(subject: str, found: DirectoryPerson | None, has: HeldPerson) -> PersonChange:
    return PersonChange(Kind.END, subject, found, has, Rights())
