"""What an admin did alone, in words: whoever is to confirm it has to know what it was."""

from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from audit.events import EVENT_TYPES, Action
from console.changes.forms import Someone
from console.models import Cluster, SingleAct
from sso.models import MappingRule, Profile, RuleMatcher, Team

SOMETHING: Final = "something that is gone"


async def act_sentences(
    session: AsyncSession, acts: Sequence[SingleAct], people: Mapping[UUID, Someone]
) -> dict[UUID, str]:
    """Return one sentence for each act, by its id; what it was about is named as it is called now."""
    about = await _named(session, [act.resource_id for act in acts if act.resource_id])
    return {act.id: _sentence(act, people[act.actor_id].shown, about) for act in acts}


def _sentence(act: SingleAct, actor: str, about: Mapping[UUID, str]) -> str:
    said = EVENT_TYPES[Action(act.action)].sentence
    found = about.get(act.resource_id) if act.resource_id else None
    kind = "" if act.resource_type in {None, "person"} else f"{act.resource_type} ".replace("_", " ")
    return f"{said.format(actor=actor, resource=f'{kind}{found or SOMETHING}')}."


async def _named(session: AsyncSession, ids: Sequence[UUID]) -> dict[UUID, str]:
    queries = (
        select(Cluster.id, Cluster.name).where(col(Cluster.id).in_(ids)),
        select(Team.id, Team.name).where(col(Team.id).in_(ids)),
        select(Profile.person_id, Profile.handle).where(col(Profile.person_id).in_(ids)),
    )
    found = {one: name for query in queries for one, name in await session.exec(query)}
    return found | await _rules(session, ids)


async def _rules(session: AsyncSession, ids: Sequence[UUID]) -> dict[UUID, str]:
    query = (
        select(MappingRule, Team.name)
        .outerjoin(Team, col(Team.id) == col(MappingRule.team_id))
        .where(col(MappingRule.id).in_(ids))
    )
    return {rule.id: _rule(rule, team) for rule, team in (await session.exec(query)).all()}


def _rule(rule: MappingRule, team: str | None) -> str:
    compares = "is" if rule.matcher is RuleMatcher.EXACT else "is at or below"
    where = f" of {team}" if team else ""
    return f"“{rule.claim} {compares} {rule.value}: {rule.role.value}{where}”"
