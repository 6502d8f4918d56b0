"""A change of a mapping rule as two people see it: whom it matches, and why it cannot be done."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from console.changes.carrying import executing
from console.changes.forms import Consequence
from console.changes.kinds import Content, Kind, Objection, register
from console.people.heading import ANSWER_HINT, AREA, LABELS
from console.people.mapping import rule_content, write_rule
from console.people.matching import count_matches, matched_among
from console.services import Services
from policy.models import ChangeKind
from sso.models import MappingRule, RuleMatcher, Team


async def _check(_services: Services, session: AsyncSession, content: Content) -> Objection | None:
    if content["act"] != "create" and await session.get(MappingRule, UUID(content["rule"])) is None:
        return Objection("rule_gone", "This rule is not there any more.")
    if content["act"] != "delete" and await _twin(session, content):
        return Objection("same_rule", "This rule is there already.")
    return None


async def _twin(session: AsyncSession, content: Content) -> bool:
    said = {name: content[name] for name in ("issuer", "claim", "value", "role")}
    twins = select(MappingRule, Team).outerjoin(Team, col(Team.id) == col(MappingRule.team_id))
    wanted = {name: content[name] for name in ("matcher", "team", *said)}
    if content["act"] == "update":
        wanted["scope"] = content["scope"]
    for rule, team in await session.exec(twins.filter_by(**said)):
        there = rule_content(rule, team)
        if all(there[name] == value for name, value in wanted.items()):
            return True
    return False


async def _does(services: Services, session: AsyncSession, content: Content) -> Sequence[Consequence]:
    matcher = RuleMatcher(content["matcher"])
    key = (content["issuer"], content["claim"], matcher, content["value"])
    count = (await count_matches(services, session, [key]))[key]
    who = "Nobody who signed in so far carries it." if not count else f"{count:,} people carried it last."
    when = "At each person's next sign-in or synchronisation."
    return [Consequence(label="Whom it matches", text=who), Consequence(label="When", text=when)]


async def _gainers(
    services: Services, session: AsyncSession, content: Content, answering: frozenset[UUID]
) -> frozenset[UUID]:
    """Return who of those that answer would get something by the rule, whichever group asked them."""
    if content["act"] == "delete":
        return frozenset()
    key = (content["issuer"], content["claim"], RuleMatcher(content["matcher"]), content["value"])
    return await matched_among(services, session, key, answering)


def _tell(content: Content) -> str:
    where = f" of team {content['team']}" if content["team"] else ""
    what = f"that makes {content['claim']} {content['value']} {content['role']}{where}"
    words = {"create": "Add a rule", "update": "Change a rule into one", "delete": "Delete the rule"}
    return f"{words[content['act']]} {what}"


KINDS: Final[tuple[Kind, ...]] = (
    Kind(
        ChangeKind.MAPPING_RULE,
        _tell,
        _check,
        _does,
        executing(write_rule),
        gainers=_gainers,
        area=AREA,
        labels=LABELS,
        answer_hint=ANSWER_HINT,
    ),
)
register(*KINDS)
