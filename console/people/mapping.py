"""Mapping rules: read them, and add one; a new team comes to be with its first rule."""

import re
from collections.abc import Sequence

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from audit.event import Part
from audit.events import Action
from console.errors import ConflictError, InvalidInputError
from console.first_days import first_days_flags
from console.people.forms import TEAM_NAME, MappingRuleCreate, MappingRuleRead
from console.questions import Resource
from console.rows import team_row
from console.work import Row, UnitOfWork
from policy.permissions import Permission
from sso.models import MappingRule, RuleRole, Team
from sso.scopes import read_scope, write_scope

PERSONAL_CLAIMS = frozenset(
    {
        *("address", "birthdate", "email", "family_name", "given_name", "middle_name", "name", "nickname"),
        *("oid", "phone_number", "picture", "preferred_username", "profile", "sub", "unique_name", "upn"),
    }
)
"""Claims whose value is one person (OpenID Connect Core 5.1): a rule's value stays in history for ever."""
TEAM_ROLES = frozenset({RuleRole.OWNER, RuleRole.MEMBER})


async def list_rules(work: UnitOfWork) -> Sequence[MappingRuleRead]:
    """Return every rule, oldest first."""
    await work.authorize(Permission.MAPPING_RULE_READ, Resource("mapping_rule"))
    query = select(MappingRule, Team).outerjoin(Team, col(Team.id) == col(MappingRule.team_id))
    async with work.read() as session:
        rows = (await session.exec(query.order_by(col(MappingRule.id)))).all()
    return [rule_read(rule, team) for rule, team in rows]


async def create_rule(work: UnitOfWork, form: MappingRuleCreate) -> MappingRuleRead:
    """Add a rule; it takes effect at each person's next sign-in.

    Raises:
        InvalidInputError: the issuer is not trusted, the claim names one person, or team and role do not
            fit together.
        ConflictError: the very same rule is there.
    """
    await work.authorize(Permission.MAPPING_RULE_CREATE, Resource("mapping_rule"))
    _check(work, form)
    async with work.write() as session:
        team = await _team(work, session, form.team) if form.team else None
        rule = MappingRule(
            issuer=form.issuer,
            claim=form.claim,
            value=form.value,
            team_id=team.id if team else None,
            role=form.role,
            scope=write_scope(read_scope(form.scope)),
            created=work.now,
        )
        await _refuse_twin(session, rule)
        session.add(rule)
        content = form.model_dump(mode="json")
        await work.record(
            Action.MAPPING_RULE_CREATE,
            resource=Resource("mapping_rule", rule.id),
            rows=[rule_row(rule, work.now)],
            parts=[Part(name="mapping_rule", subject=None, content=content)],
            flags=await first_days_flags(work, session),
        )
    return rule_read(rule, team)


def _check(work: UnitOfWork, form: MappingRuleCreate) -> None:
    wrong = {}
    if form.issuer not in work.services.sign_in.issuers:
        wrong["issuer"] = "This identity provider is not configured here."
    if form.claim in PERSONAL_CLAIMS:
        wrong["claim"] = "This claim names one person; a rule is for a group."
    if (form.role in TEAM_ROLES) != (form.team is not None):
        wrong["team"] = "Owner and member are roles in a team; the other roles have none."
    if not _is_scope(form.scope):
        wrong["scope"] = "Write `all` or a JSON list of team names."
    if wrong:
        raise InvalidInputError("This rule cannot be added.", ("invalid_rule",), wrong)


def _is_scope(text: str) -> bool:
    try:
        scope = read_scope(text)
    except (ValueError, RecursionError):
        return False
    return isinstance(scope, str) or (bool(scope) and all(re.fullmatch(TEAM_NAME, name) for name in scope))


async def _team(work: UnitOfWork, session: AsyncSession, name: str) -> Team:
    found = (await session.exec(select(Team).where(col(Team.name) == name))).first()
    if found is not None:
        return found
    team = Team(name=name, created=work.now)
    session.add(team)
    await work.record(
        Action.TEAM_CREATE,
        resource=Resource("team", team.id),
        rows=[team_row(team, work.now)],
        parts=[Part(name="team", subject=None, content={"name": name})],
        flags=await first_days_flags(work, session),
    )
    return team


async def _refuse_twin(session: AsyncSession, rule: MappingRule) -> None:
    same = select(MappingRule).filter_by(
        issuer=rule.issuer, claim=rule.claim, value=rule.value, team_id=rule.team_id, role=rule.role
    )
    if (await session.exec(same)).first():
        raise ConflictError("This rule is there already.", ("same_rule",))


def rule_row(rule: MappingRule, now: int) -> Row:
    """Return the rule as history keeps it."""
    state = {
        "issuer": rule.issuer,
        "claim": rule.claim,
        "value": rule.value,
        "team_id": str(rule.team_id) if rule.team_id else None,
        "role": rule.role.value,
        "scope": rule.scope,
    }
    return Row("mapping_rule", rule.id, state, now)


def rule_read(rule: MappingRule, team: Team | None) -> MappingRuleRead:
    """Return the rule as admins and auditors see it."""
    return MappingRuleRead(
        id=rule.id,
        issuer=rule.issuer,
        claim=rule.claim,
        value=rule.value,
        role=rule.role.value,
        team=team.name if team else None,
        scope=rule.scope,
    )
