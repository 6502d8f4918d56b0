"""What would this person get? The rules, and one not there yet, on pasted claims or on somebody known."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from audit.event import Part
from audit.events import Action
from console.finding import find_person
from console.people.forms import MappingRuleCreate, Preview
from console.people.mapping import check_rule
from console.people.matching import digests_held, grouped_claims, key_of
from console.people.shown import Given, Previewed
from console.questions import Resource
from console.work import UnitOfWork
from policy.permissions import Permission
from sso.errors import SignInError
from sso.mapping import TEAM_ROLES, RuleBook
from sso.models import Identity, MappingRule, RuleMatcher, Team
from sso.remembered import digest_of

Teams = dict[str, UUID]
OVERAGE = "The provider left groups out of this sign-in (too many), so it would be refused: groups_overage."
UNKNOWN = "Nothing is known of this person's claims yet: they have not signed in since it is remembered."


async def preview(work: UnitOfWork, form: Preview) -> Previewed:
    """Return what somebody would get at their next sign-in, and by which rule.

    Raises:
        RefusedError: the caller does not manage mappings.
        InvalidInputError: no such person, or a new rule that means nothing.
    """
    await work.authorize(Permission.MAPPING_RULE_CREATE, Resource("mapping_rule"))
    if form.rule is not None:
        check_rule(work, form.rule)
    async with work.read() as session:
        teams = dict((await session.exec(select(Team.name, Team.id))).all())
        rules = [*(await session.exec(select(MappingRule).order_by(col(MappingRule.id)))).all()]
        rules += [_draft(form.rule, teams)] if form.rule else []
        if form.person is None:
            return _of_claims({**(form.claims or {}), "iss": form.issuer}, rules, teams)
        person = await find_person(session, form.person, "person")
        found = await _of_person(work, session, person, rules, teams)
    await _record(work, person)
    return found


def _draft(form: MappingRuleCreate, teams: Teams) -> MappingRule:
    draft = MappingRule(**form.model_dump(exclude={"team", "reason"}), created=0)
    draft.id = UUID(int=0)
    # A team that the rule would bring has no id yet.
    draft.team_id = teams.setdefault(form.team, UUID(int=0)) if form.team else None
    return draft


def _of_claims(claims: Mapping[str, Any], rules: Iterable[MappingRule], teams: Teams) -> Previewed:
    names = {found: name for name, found in teams.items()}
    try:
        matches = list(RuleBook(rules, teams).matches(claims))
    except SignInError as error:
        return Previewed(gives=[], refused=OVERAGE if error.reason == "groups_overage" else error.reason)
    gives = [
        _given(match.rule, match.value, names.get(match.team_id) if match.team_id else None)
        for match in matches
        if isinstance(match.rule, MappingRule) and (match.team_id or match.rule.role not in TEAM_ROLES)
    ]
    return Previewed(gives=gives)


async def _of_person(
    work: UnitOfWork,
    session: AsyncSession,
    person: UUID,
    rules: Sequence[MappingRule],
    teams: Teams,
) -> Previewed:
    held, key = await digests_held(session, person), work.services.identity_key
    names = {found: name for name, found in teams.items()}
    gives = []
    for rule in rules:
        if digest_of(key, *key_of(rule)) not in held:
            continue
        if rule.team_id is not None or rule.role not in TEAM_ROLES:
            gives.append(_given(rule, rule.value, names.get(rule.team_id) if rule.team_id else None))
            continue
        for name in teams:
            below = f"{rule.value}/{name}"
            if digest_of(key, rule.issuer, rule.claim, RuleMatcher.PATH_PREFIX, below) in held:
                gives.append(_given(rule, below, name))
    for claims in await grouped_claims(session, person):
        gives += _of_claims(claims, rules, teams).gives
    silent = not held and not gives and await _signs_in(session, person)
    return Previewed(gives=gives, note=UNKNOWN if silent else None)


async def _signs_in(session: AsyncSession, person: UUID) -> bool:
    return (await session.exec(select(Identity.id).where(Identity.person_id == person))).first() is not None


def _given(rule: MappingRule, value: str, team: str | None) -> Given:
    return Given(
        role=rule.role.value,
        team=team,
        scope=rule.scope,
        claim=rule.claim,
        value=value,
        rule=rule.id if rule.id.int else None,
    )


async def _record(work: UnitOfWork, person: UUID) -> None:
    seen = Part(name="seen", subject=None, content={"people": [str(person)]})
    async with work.write():
        await work.record(Action.PERSON_READ, resource=Resource("person", person), parts=[seen])
