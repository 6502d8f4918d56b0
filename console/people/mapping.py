"""Mapping rules: add, change and delete them; a rule gives rights to many, so each takes two people.

A new team comes to be with its first rule.
"""

from typing import Any, Final
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from uuid_utils.compat import uuid7

from audit.event import Part
from audit.events import Action
from console.changes.carrying import Because, Carried, do_or_ask
from console.changes.kinds import Content, Subject
from console.changes.seen import nothing
from console.errors import InvalidInputError
from console.people.forms import MappingRuleCreate
from console.people.scopes import NO_SCOPE, is_scope
from console.people.teams import add_team
from console.questions import Resource
from console.work import Row, UnitOfWork
from policy.models import ChangeKind
from policy.permissions import Permission
from sso.mapping import TEAM_ROLES, paths_of
from sso.models import MappingRule, RuleMatcher, RuleRole, Team
from sso.remembered import PERSONAL_CLAIMS
from sso.scopes import read_scope, write_scope

KIND: Final = ChangeKind.MAPPING_RULE


async def create_rule(work: UnitOfWork, form: MappingRuleCreate) -> Carried:
    """Add a rule, or ask for it; it takes effect at each person's next sign-in or synchronisation.

    Raises:
        RefusedError: the caller does not manage mappings.
        InvalidInputError: the issuer is not trusted, the claim names one person, or team and role do not
            fit together.
        ConflictError: the very same rule is there.
    """
    await work.authorize(Permission.MAPPING_RULE_CREATE, Resource("mapping_rule"))
    check_rule(work, form)
    return await do_or_ask(work, KIND, _subject("create", uuid7(), form), form.reason, write_rule)


async def update_rule(work: UnitOfWork, rule_id: UUID, form: MappingRuleCreate) -> Carried:
    """Let a rule say something else, or ask for it.

    Raises:
        RefusedError, InvalidInputError, ConflictError: as `create_rule`.
        NotFoundError: no such rule.
    """
    await work.authorize(Permission.MAPPING_RULE_UPDATE, Resource("mapping_rule", rule_id))
    await _require(work, rule_id)
    check_rule(work, form)
    return await do_or_ask(work, KIND, _subject("update", rule_id, form), form.reason, write_rule)


async def delete_rule(work: UnitOfWork, rule_id: UUID, reason: str) -> Carried:
    """Delete a rule, or ask for it; what it gave goes at each person's next sign-in or synchronisation.

    Raises:
        RefusedError: the caller does not manage mappings.
        NotFoundError: no such rule.
    """
    await work.authorize(Permission.MAPPING_RULE_DELETE, Resource("mapping_rule", rule_id))
    await _require(work, rule_id)
    async with work.read() as session:
        rule = await session.get_one(MappingRule, rule_id)
        team = await session.get(Team, rule.team_id) if rule.team_id else None
    content = {"act": "delete", "rule": str(rule_id), **rule_content(rule, team)}
    return await do_or_ask(work, KIND, Subject("mapping_rule", rule_id, content), reason, write_rule)


def check_rule(work: UnitOfWork, form: MappingRuleCreate) -> None:
    """Let a rule pass that means something.

    Raises:
        InvalidInputError: it does not; names each field.
    """
    wrong = {}
    by_path = form.matcher is RuleMatcher.PATH_PREFIX
    if form.issuer not in work.services.sign_in.issuers:
        wrong["issuer"] = "This identity provider is not configured here."
    if form.claim in PERSONAL_CLAIMS:
        wrong["claim"] = "This claim names one person; a rule is for a group."
    if by_path and [form.value] != paths_of(form.value)[-1:]:
        wrong["value"] = "Write a path such as /teams, with no slash at its end."
    if (form.role in TEAM_ROLES) != (form.team is not None) and not (by_path and form.team is None):
        wrong["team"] = "Owner and member are roles in a team; the other roles have none."
    if not is_scope(form.scope):
        wrong["scope"] = NO_SCOPE
    if wrong:
        raise InvalidInputError("This rule cannot be added.", ("invalid_rule",), wrong)


async def write_rule(work: UnitOfWork, session: AsyncSession, content: Content, because: Because) -> None:
    """Carry out what was asked: add the rule, change it, or delete it."""
    if content["act"] == "delete":
        await _delete(work, session, content, because)
        return
    new = content["act"] == "create"
    rule = _new(work, content) if new else await session.get_one(MappingRule, UUID(content["rule"]))
    team = await add_team(work, session, content["team"], because) if content["team"] else None
    rule.team_id = team.id if team else None
    rule.issuer, rule.claim, rule.value = content["issuer"], content["claim"], content["value"]
    rule.matcher, rule.role = RuleMatcher(content["matcher"]), RuleRole(content["role"])
    rule.scope = content["scope"]
    session.add(rule)
    await work.record(
        Action.MAPPING_RULE_CREATE if new else Action.MAPPING_RULE_UPDATE,
        resource=Resource("mapping_rule", rule.id),
        request=because.request,
        rows=[rule_row(rule, work.now)],
        parts=[Part(name="mapping_rule", subject=None, content=rule_content(rule, team))],
        flags=because.flags,
    )


def rule_content(rule: MappingRule, team: Team | None) -> dict[str, Any]:
    """Return what a rule says, as it is signed and recorded."""
    return {
        "issuer": rule.issuer,
        "claim": rule.claim,
        "matcher": rule.matcher.value,
        "value": rule.value,
        "role": rule.role.value,
        "team": team.name if team else None,
        "scope": rule.scope,
    }


def rule_row(rule: MappingRule, now: int, *, gone: bool = False) -> Row:
    """Return the rule as history keeps it, or its end."""
    state: dict[str, object] = {
        "issuer": rule.issuer,
        "claim": rule.claim,
        "value": rule.value,
        "team_id": str(rule.team_id) if rule.team_id else None,
        "role": rule.role.value,
        "scope": rule.scope,
    }
    # Rules of before there were paths keep the state that history holds of them.
    if rule.matcher is not RuleMatcher.EXACT:
        state["matcher"] = rule.matcher.value
    return Row("mapping_rule", rule.id, None if gone else state, now)


def _subject(act: str, rule_id: UUID, form: MappingRuleCreate) -> Subject:
    said = form.model_dump(mode="json", exclude={"reason"})
    said["scope"] = write_scope(read_scope(form.scope))
    return Subject("mapping_rule", rule_id, {"act": act, "rule": str(rule_id), **said})


def _new(work: UnitOfWork, content: Content) -> MappingRule:
    return MappingRule(
        id=UUID(content["rule"]),
        issuer=content["issuer"],
        claim=content["claim"],
        value=content["value"],
        role=RuleRole(content["role"]),
        created=work.now,
    )


async def _delete(work: UnitOfWork, session: AsyncSession, content: Content, because: Because) -> None:
    rule = await session.get_one(MappingRule, UUID(content["rule"]))
    await session.delete(rule)
    await work.record(
        Action.MAPPING_RULE_DELETE,
        resource=Resource("mapping_rule", rule.id),
        request=because.request,
        rows=[rule_row(rule, work.now, gone=True)],
        flags=because.flags,
    )


async def _require(work: UnitOfWork, rule_id: UUID) -> None:
    async with work.read() as session:
        known = (await session.exec(select(MappingRule.id).where(col(MappingRule.id) == rule_id))).first()
    if known is None:
        raise nothing()
