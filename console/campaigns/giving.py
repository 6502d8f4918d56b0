"""Gives a model that nobody answers for to a team that has an owner; a reviewer agrees, as to any new owner.

Whoever may give its team an owner may ask: that owner could give the model away.
"""

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from console.campaigns.forms import OrphanGive
from console.campaigns.orphans import NO_OWNER, has_owner
from console.catalog.facts import find_route
from console.catalog.forms import ModelUpdate
from console.catalog.model_change import ask_change, team_named
from console.changes.carrying import Carried
from console.changes.seen import authorize_seen, nothing
from console.errors import ConflictError, InvalidInputError
from console.questions import Resource
from console.work import UnitOfWork
from policy.permissions import Permission
from sso.models import Source, Team, TeamRole


async def give_model(work: UnitOfWork, name: str, form: OrphanGive) -> Carried:
    """Ask that another team owns the model of this route.

    Raises:
        NotFoundError: no such route, or none the caller may know of.
        RefusedError: the caller may not give its team an owner.
        ConflictError: its team has one, or the same is pending.
        InvalidInputError: there is no such team, or it has no owner either.
    """
    async with work.read() as session:
        facts = await find_route(session, name)
    if facts is None:
        raise nothing()
    held = {"team": facts.team.name, "role": TeamRole.OWNER.value, "managed_by": Source.MANUAL.value}
    await authorize_seen(
        work, Permission.MEMBERSHIP_CREATE, Resource("membership", None, held), Permission.CAMPAIGN_READ
    )
    async with work.read() as session:
        team = await team_named(session, form.team)
        if await _owned(session, facts.team):
            raise ConflictError("Its team has an owner, who can give it away.", ("team_has_owner",))
        if not await _owned(session, team):
            sentence = "This team has no owner either."
            raise InvalidInputError(sentence, (NO_OWNER,), {"team": sentence})
    return await ask_change(work, facts, ModelUpdate(team=form.team, reason=form.reason), team)


async def _owned(session: AsyncSession, team: Team) -> bool:
    found = await session.exec(select(Team.id).where(col(Team.id) == team.id, has_owner(col(Team.id))))
    return found.first() is not None
