"""Teams: made by hand or with their first rule; a name is for ever, so none is renamed or deleted."""

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from audit.event import Part
from audit.events import Action
from console.changes.carrying import Because, Carried
from console.errors import ConflictError
from console.first_days import first_days_flags
from console.people.forms import TeamCreate
from console.questions import Resource
from console.rows import team_row
from console.work import UnitOfWork
from policy.permissions import Permission
from sso.models import Team


async def create_team(work: UnitOfWork, form: TeamCreate) -> Carried:
    """Make a team; it holds nothing yet, so one person suffices.

    Raises:
        RefusedError: the caller does not manage teams.
        ConflictError: there is one by that name.
    """
    await work.authorize(Permission.TEAM_CREATE, Resource("team"))
    async with work.write() as session:
        if await _find(session, form.name):
            raise ConflictError("There is a team by that name.", ("team_exists",))
        because = Because(flags=await first_days_flags(work, session))
        team = await add_team(work, session, form.name, because)
    return Carried(state="done", id=team.id)


async def add_team(work: UnitOfWork, session: AsyncSession, name: str, because: Because) -> Team:
    """Return the team of that name within the open transaction, made and recorded if there is none."""
    found = await _find(session, name)
    if found is not None:
        return found
    team = Team(name=name, created=work.now)
    session.add(team)
    await work.record(
        Action.TEAM_CREATE,
        resource=Resource("team", team.id),
        request=because.request,
        rows=[team_row(team, work.now)],
        parts=[Part(name="team", subject=None, content={"name": name})],
        flags=because.flags,
    )
    return team


async def _find(session: AsyncSession, name: str) -> Team | None:
    return (await session.exec(select(Team).where(col(Team.name) == name))).first()
