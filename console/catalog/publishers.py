"""For which teams somebody may publish: those they own, where the policy lets them."""

from collections.abc import Sequence

from console.questions import Resource
from console.work import UnitOfWork
from policy.permissions import Permission
from sso.rights import rights_of


async def publishing_teams(work: UnitOfWork) -> Sequence[str]:
    """Return the teams the principal owns and may publish for.

    Raises:
        RefusedError: there is none.
    """
    owned = await _owned(work)
    teams = [team for team in owned if await _may_publish_for(work, team)]
    await work.authorize(Permission.MODEL_PUBLISH, _of((teams or [*owned, ""])[0]))
    return teams


async def may_publish(work: UnitOfWork) -> bool:
    """Say whether the principal may publish for any team, to show the way there or leave it out."""
    for team in await _owned(work):
        if await _may_publish_for(work, team):
            return True
    return False


async def _may_publish_for(work: UnitOfWork, team: str) -> bool:
    return await work.allowed(Permission.MODEL_PUBLISH, _of(team))


async def _owned(work: UnitOfWork) -> Sequence[str]:
    async with work.read() as session:
        return (await rights_of(session, work.principal.id)).owner_of


def _of(team: str) -> Resource:
    return Resource("team", None, {"team": team})
