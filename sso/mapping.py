"""Mapping rules: what the claims of a sign-in give, worked out without any input or output."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, Protocol
from uuid import UUID

from sso.errors import SignInError
from sso.models import PlatformRole, RuleMatcher, RuleRole, TeamRole
from sso.scopes import join_scopes

TEAM_ROLES: Final = frozenset({RuleRole.OWNER, RuleRole.MEMBER})
NO_TEAMS: Final[Mapping[str, UUID]] = MappingProxyType({})


class Rule(Protocol):
    """A row of `mapping_rule`, or anything shaped like one."""

    issuer: str
    claim: str
    matcher: RuleMatcher
    value: str
    team_id: UUID | None
    role: RuleRole
    scope: str


@dataclass(frozen=True, slots=True)
class Rights:
    """Team roles by team id, and platform roles each with one scope (canonical text)."""

    memberships: frozenset[tuple[UUID, TeamRole]] = frozenset()
    roles: frozenset[tuple[PlatformRole, str]] = frozenset()


@dataclass(frozen=True, slots=True)
class Match:
    """That a value of a claim fulfils a rule; `team_id` is the team it gives a role in, if any."""

    rule: Rule
    value: str
    team_id: UUID | None


class RuleBook:
    """Rules made ready for many people: each value is looked up, however many rules there are."""

    def __init__(self, rules: Iterable[Rule], teams: Mapping[str, UUID] = NO_TEAMS) -> None:
        """Read the rules once; `teams` (ids by name) are those that a path may name."""
        self._teams = teams
        self._exact: defaultdict[tuple[str, str, str], list[Rule]] = defaultdict(list)
        self._below: defaultdict[tuple[str, str, str], list[Rule]] = defaultdict(list)
        self._claims: defaultdict[str, set[str]] = defaultdict(set)
        for rule in rules:
            by = self._below if rule.matcher is RuleMatcher.PATH_PREFIX else self._exact
            by[rule.issuer, rule.claim, rule.value].append(rule)
            self._claims[rule.issuer].add(rule.claim)

    def rights(self, claims: Mapping[str, Any]) -> Rights:
        """Return what the rules give for `claims`; issuer and claim must match exactly.

        Raises:
            SignInError: groups_overage, when the provider left groups out: fewer groups would be fewer rights
                without anyone knowing why.
        """
        memberships: set[tuple[UUID, TeamRole]] = set()
        scopes: defaultdict[PlatformRole, list[str]] = defaultdict(list)
        for match in self.matches(claims):
            if match.rule.role not in TEAM_ROLES:
                scopes[PlatformRole(match.rule.role.value)].append(match.rule.scope)
            elif match.team_id is not None:
                memberships.add((match.team_id, TeamRole(match.rule.role.value)))
        roles = frozenset((role, join_scopes(texts)) for role, texts in scopes.items())
        return Rights(frozenset(memberships), roles)

    def matches(self, claims: Mapping[str, Any]) -> Iterator[Match]:
        """Yield every rule that `claims` fulfil, with the value that does.

        Raises:
            SignInError: groups_overage.
        """
        _refuse_overage(claims)
        issuer = str(claims.get("iss"))
        for claim in sorted(self._claims.get(issuer, ())):
            for value in sorted(values_of(claims.get(claim))):
                for rule in self._exact.get((issuer, claim, value), ()):
                    yield Match(rule, value, rule.team_id)
                yield from self._by_path(issuer, claim, value)

    def _by_path(self, issuer: str, claim: str, value: str) -> Iterator[Match]:
        for above in paths_of(value) if self._below else ():
            for rule in self._below.get((issuer, claim, above), ()):
                yield Match(rule, value, rule.team_id or self._named(rule, above, value))

    def _named(self, rule: Rule, above: str, value: str) -> UUID | None:
        if rule.role not in TEAM_ROLES:
            return None
        step = value.removeprefix(above).lstrip("/").partition("/")[0]
        return self._teams.get(step)


def apply(rules: Iterable[Rule], claims: Mapping[str, Any], teams: Mapping[str, UUID] = NO_TEAMS) -> Rights:
    """Return what `rules` give for the claims of one person; for many, keep a `RuleBook`.

    Raises:
        SignInError: groups_overage.
    """
    return RuleBook(rules, teams).rights(claims)


def paths_of(value: str) -> list[str]:
    """Return the path `value` is and every path above it; nothing for what is no path.

    A step that is empty or goes up (`/a//b`, `/a/../b`) makes it no path: nobody is below it.
    """
    steps = value.rstrip("/").split("/")[1:] if value.startswith("/") else []
    if not all(steps) or {".", ".."} & set(steps):
        return []
    return ["/" + "/".join(steps[: count + 1]) for count in range(len(steps))]


def values_of(claim: object) -> frozenset[str]:
    """Return the values of a claim that rules can compare: a text, or the texts of a list."""
    if isinstance(claim, str):
        return frozenset({claim})
    if isinstance(claim, list):
        return frozenset(item for item in claim if isinstance(item, str))
    return frozenset()


def _refuse_overage(claims: Mapping[str, Any]) -> None:
    # Entra ID puts a pointer here instead of the groups when there are more than it sends.
    if claims.get("_claim_names") or claims.get("hasgroups") in (True, "true"):
        raise SignInError("groups_overage")
