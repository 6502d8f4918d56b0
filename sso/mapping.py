"""Mapping rules: what the claims of a sign-in give, worked out without any input or output."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from sso.errors import SignInError
from sso.models import PlatformRole, RuleRole, TeamRole
from sso.scopes import join_scopes


class Rule(Protocol):
    """A row of `mapping_rule`, or anything shaped like one."""

    issuer: str
    claim: str
    value: str
    team_id: UUID | None
    role: RuleRole
    scope: str


@dataclass(frozen=True, slots=True)
class Rights:
    """Team roles by team id, and platform roles each with one scope (canonical text)."""

    memberships: frozenset[tuple[UUID, TeamRole]] = frozenset()
    roles: frozenset[tuple[PlatformRole, str]] = frozenset()


def apply(rules: Iterable[Rule], claims: Mapping[str, Any]) -> Rights:
    """Return what `rules` give for `claims`; issuer, claim and value must match exactly.

    Raises:
        SignInError: groups_overage, when the provider left groups out: fewer groups would be fewer rights
            without anyone knowing why.
    """
    _refuse_overage(claims)
    memberships: set[tuple[UUID, TeamRole]] = set()
    scopes: defaultdict[PlatformRole, list[str]] = defaultdict(list)
    for rule in rules:
        if rule.issuer != claims.get("iss") or rule.value not in _values(claims.get(rule.claim)):
            continue
        if rule.team_id is not None:
            memberships.add((rule.team_id, TeamRole(rule.role.value)))
        else:
            scopes[PlatformRole(rule.role.value)].append(rule.scope)
    roles = frozenset((role, join_scopes(texts)) for role, texts in scopes.items())
    return Rights(frozenset(memberships), roles)


def _refuse_overage(claims: Mapping[str, Any]) -> None:
    # Entra ID puts a pointer here instead of the groups when there are more than it sends.
    if claims.get("_claim_names") or claims.get("hasgroups") in (True, "true"):
        raise SignInError("groups_overage")


def _values(claim: object) -> frozenset[str]:
    if isinstance(claim, str):
        return frozenset({claim})
    if isinstance(claim, list):
        return frozenset(item for item in claim if isinstance(item, str))
    return frozenset()
