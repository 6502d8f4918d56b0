"""What rules give to everybody of a directory, and what of somebody's rights it cannot speak of."""

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from sso.mapping import NO_TEAMS, TEAM_ROLES, Rights, Rule, RuleBook
from sso.syncing.held import HeldPerson


class GivenRights:
    """What `rules` give to people of one issuer; `teams` (ids by name) are those that a path may name."""

    def __init__(
        self,
        issuer: str,
        rules: Iterable[Rule],
        known_claims: frozenset[str],
        teams: Mapping[str, UUID] = NO_TEAMS,
    ) -> None:
        """Prepare `rules`; of claims beyond `known_claims` the directory cannot speak."""
        every = list(rules)
        self._issuer = issuer
        self._book = RuleBook(every, teams)
        self._beyond = [rule for rule in every if rule.issuer == issuer and rule.claim not in known_claims]
        self._others = [rule for rule in every if rule.issuer != issuer]

    def by_claims(self, claims: Mapping[str, Sequence[str]]) -> Rights:
        """Return what somebody of these claims holds by them."""
        told = {name: list(values) for name, values in claims.items()}
        return self._book.rights({**told, "iss": self._issuer})

    def with_kept(self, rights: Rights, has: HeldPerson) -> Rights:
        """Return `rights` and what somebody holds by claims or issuers this directory cannot speak of.

        Sign-in decides on those. There is one row for each role, so what is said here of a role replaces it.
        """
        kept = self._kept(has)
        if kept == Rights():
            return rights
        roles = dict(kept.roles) | dict(rights.roles)
        return Rights(rights.memberships | kept.memberships, frozenset(roles.items()))

    def _kept(self, has: HeldPerson) -> Rights:
        others = self._others if has.other_issuers else []
        beyond = [*self._beyond, *(rule for rule in others if rule.issuer in has.other_issuers)]
        if not beyond:
            return Rights()
        # A rule whose team is named by a path may have given that role in any team.
        teams = {(rule.team_id, rule.role.value) for rule in beyond if rule.role in TEAM_ROLES}
        roles = {rule.role.value for rule in beyond if rule.role not in TEAM_ROLES}
        return Rights(
            frozenset(
                (team, role)
                for team, role in has.rights.memberships
                if {(team, role.value), (None, role.value)} & teams
            ),
            frozenset((role, scope) for role, scope in has.rights.roles if role.value in roles),
        )
