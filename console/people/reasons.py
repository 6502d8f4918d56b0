"""Why somebody holds what they hold: the source that keeps it, and the rules behind what claims keep."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from console.people.matching import digests_held, key_of
from console.people.shown import HeldMembership, HeldRole
from console.services import Services
from sso.models import MappingRule, Membership, RoleAssignment, RuleMatcher, Source, Team
from sso.remembered import digest_of

SOURCES: Mapping[Source, str] = {
    Source.CLAIM: "A mapping rule gives it for what the identity provider says.",
    Source.SCIM: "The directory gives it.",
    Source.MANUAL: "It was given by hand.",
}


class Reasons:
    """The rules that match a person's last claims."""

    def __init__(self, key: bytes, rules: Sequence[MappingRule], held: frozenset[bytes]) -> None:
        self._key = key
        self._held = held
        self._rules = [rule for rule in rules if digest_of(key, *key_of(rule)) in held]

    def of_membership(self, row: Membership, team: Team) -> str:
        """Return why somebody is in a team."""
        fitting = [rule for rule in self._rules if rule.role.value == row.role.value]
        return self._why(row.managed_by, [rule for rule in fitting if self._names(rule, team)])

    def of_role(self, row: RoleAssignment) -> str:
        """Return why somebody has a role on the platform."""
        return self._why(row.managed_by, [rule for rule in self._rules if rule.role.value == row.role.value])

    def _names(self, rule: MappingRule, team: Team) -> bool:
        if rule.team_id is not None:
            return rule.team_id == team.id
        below = f"{rule.value}/{team.name}"
        wanted = digest_of(self._key, rule.issuer, rule.claim, RuleMatcher.PATH_PREFIX, below)
        return rule.matcher is RuleMatcher.PATH_PREFIX and wanted in self._held

    def _why(self, source: Source, rules: Sequence[MappingRule]) -> str:
        if source is not Source.CLAIM or not rules:
            return SOURCES[source]
        said = (
            f"{rule.claim} {'is' if rule.matcher is RuleMatcher.EXACT else 'is at or below'} {rule.value}"
            for rule in rules
        )
        return f"By mapping rule: {'; '.join(said)}."


async def reasons_for(services: Services, session: AsyncSession, person_id: UUID) -> Reasons:
    """Return what explains a person's rights."""
    rules = (await session.exec(select(MappingRule).order_by(col(MappingRule.id)))).all()
    return Reasons(services.identity_key, rules, await digests_held(session, person_id))


async def memberships_of(session: AsyncSession, person_id: UUID, reasons: Reasons) -> list[HeldMembership]:
    """Return a person's memberships by team, each with its reason."""
    query = (
        select(Membership, Team)
        .join(Team, col(Team.id) == col(Membership.team_id))
        .where(Membership.person_id == person_id)
        .order_by(col(Team.name), col(Membership.role).desc())
    )
    return [
        HeldMembership(
            id=row.id,
            team=team.name,
            role=row.role.value,
            managed_by=row.managed_by.value,
            why=reasons.of_membership(row, team),
        )
        for row, team in await session.exec(query)
    ]


async def roles_held(session: AsyncSession, person_id: UUID, reasons: Reasons) -> list[HeldRole]:
    """Return a person's roles on the platform, each with its reason."""
    query = select(RoleAssignment).where(RoleAssignment.person_id == person_id)
    return [
        HeldRole(
            id=row.id,
            role=row.role.value,
            scope=row.scope,
            managed_by=row.managed_by.value,
            why=reasons.of_role(row),
        )
        for row in await session.exec(query.order_by(col(RoleAssignment.role)))
    ]
