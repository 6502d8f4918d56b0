"""Reads of mapping rules: a page of them with how many people each matches."""

from collections.abc import Mapping

from sqlmodel import col, select

from console.people.forms import MappingRuleRead
from console.people.matching import Key, count_matches, key_of
from console.questions import Resource
from console.web import pagination
from console.web.listing import cursor_id
from console.web.pagination import KeysetPage, cut_page
from console.work import UnitOfWork
from policy.permissions import Permission
from sso.models import MappingRule, Team

RULES_A_PAGE = 200


async def list_rules(
    work: UnitOfWork, after: pagination.Key | None = None, size: int = RULES_A_PAGE
) -> KeysetPage[MappingRuleRead]:
    """Return one page of the rules, oldest first, each with how many people it matches.

    Raises:
        RefusedError: the principal may not see them.
    """
    await work.authorize(Permission.MAPPING_RULE_READ, Resource("mapping_rule"))
    query = select(MappingRule, Team).outerjoin(Team, col(Team.id) == col(MappingRule.team_id))
    query = query.order_by(col(MappingRule.id)).limit(size + 1)
    if after is not None:
        query = query.where(col(MappingRule.id) > cursor_id(after))
    async with work.read() as session:
        rows = (await session.exec(query)).all()
        counts = await count_matches(work.services, session, [key_of(rule) for rule, _ in rows])
    items = [rule_read(rule, team, counts) for rule, team in rows]
    return cut_page(items, lambda item: (str(item.id),), size)


def rule_read(rule: MappingRule, team: Team | None, counts: Mapping[Key, int]) -> MappingRuleRead:
    """Return the rule as admins and auditors see it."""
    return MappingRuleRead(
        id=rule.id,
        issuer=rule.issuer,
        claim=rule.claim,
        matcher=rule.matcher.value,
        value=rule.value,
        role=rule.role.value,
        team=team.name if team else None,
        scope=rule.scope,
        matches=counts.get(key_of(rule), 0),
    )
