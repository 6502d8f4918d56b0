"""The people area's JSON API: people, teams, memberships, roles, and what was done alone."""

from typing import Annotated, Any
from uuid import UUID

from litestar import Response, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from console.changes.carrying import Carried
from console.declared import declares
from console.people.forms import Me, MembershipCreate, RoleCreate, StateChange, TeamCreate
from console.people.memberships import create_membership, remove_membership
from console.people.persons import change_state
from console.people.queries import PersonFilter, list_people, read_person
from console.people.rights import read_me
from console.people.roles import assign_role, remove_role
from console.people.shown import MemberRead, PersonItem, PersonRead, SingleActRead, TeamItem, TeamRead
from console.people.single_acts import confirm_single_act, list_single_acts
from console.people.team_queries import list_members, list_teams, read_team
from console.people.teams import create_team
from console.web.listing import Listing, cursor
from console.work import UnitOfWork
from policy.permissions import Permission
from sso.models import PersonState, PlatformRole

Limit = Annotated[int, QueryParameter(ge=1, le=200)]
State = Annotated[PersonState | None, QueryParameter(name="state")]
Role = Annotated[PlatformRole | None, QueryParameter(name="role")]
Everything = Annotated[bool, QueryParameter(name="all")]


@get("/me", opt=declares(Permission.SELF_READ))
async def get_me(work: NamedDependency[UnitOfWork]) -> Me:
    """Read who I am and what I hold."""
    return await read_me(work)


@get("/people", opt=declares(Permission.PERSON_READ))
async def get_people(  # noqa: PLR0917 - each is a query parameter, and has a name
    work: NamedDependency[UnitOfWork],
    q: FromQuery[str] = "",
    in_state: State = None,
    role: Role = None,
    team: FromQuery[str] = "",
    after: FromQuery[str] = "",
    limit: Limit = 50,
) -> Listing[PersonItem]:
    """Find people by handle, name, state, role or team."""
    wanted = PersonFilter(q, in_state, role, team)
    return Listing.of(await list_people(work, wanted, cursor(after, 1), limit))


@get("/people/{person_id:uuid}", opt=declares(Permission.PERSON_READ))
async def get_person(work: NamedDependency[UnitOfWork], person_id: FromPath[UUID]) -> PersonRead:
    """Read one person: what they hold, why, and until when."""
    return await read_person(work, person_id)


@post("/people/{person_id:uuid}/disable", opt=declares(Permission.PERSON_DISABLE), status_code=204)
async def post_disable(work: NamedDependency[UnitOfWork], person_id: FromPath[UUID]) -> None:
    """Keep a person out, and end everything of theirs."""
    await change_state(work, person_id, StateChange(state="disabled"))


@post("/people/{person_id:uuid}/enable", opt=declares(Permission.PERSON_ENABLE), status_code=204)
async def post_enable(work: NamedDependency[UnitOfWork], person_id: FromPath[UUID]) -> None:
    """Let a disabled person sign in again; what ended stays ended."""
    await change_state(work, person_id, StateChange(state="active"))


@get("/teams", opt=declares(Permission.TEAM_READ))
async def get_teams(
    work: NamedDependency[UnitOfWork],
    q: FromQuery[str] = "",
    after: FromQuery[str] = "",
    limit: Limit = 50,
) -> Listing[TeamItem]:
    """List the teams I may see."""
    return Listing.of(await list_teams(work, q, cursor(after, 1), limit))


@post("/teams", opt=declares(Permission.TEAM_CREATE))
async def post_team(work: NamedDependency[UnitOfWork], data: JSONBody[TeamCreate]) -> Carried:
    """Make a team."""
    return await create_team(work, data)


@get("/teams/{name:str}", opt=declares(Permission.TEAM_READ))
async def get_team(work: NamedDependency[UnitOfWork], name: FromPath[str]) -> TeamRead:
    """Read one team: its owners, its models, what it may call."""
    return await read_team(work, name)


@get("/teams/{name:str}/members", opt=declares(Permission.TEAM_READ))
async def get_members(
    work: NamedDependency[UnitOfWork],
    name: FromPath[str],
    after: FromQuery[str] = "",
    limit: Limit = 50,
) -> Listing[MemberRead]:
    """List who is in a team, and who keeps each membership."""
    return Listing.of(await list_members(work, name, cursor(after, 2), limit))


@post("/memberships", opt=declares(Permission.MEMBERSHIP_CREATE))
async def post_membership(
    work: NamedDependency[UnitOfWork], data: JSONBody[MembershipCreate]
) -> Response[Carried]:
    """Put somebody into a team by hand; 202 where somebody else has to agree."""
    return carried(await create_membership(work, data))


@delete("/memberships/{membership_id:uuid}", opt=declares(Permission.MEMBERSHIP_REMOVE))
async def delete_membership(work: NamedDependency[UnitOfWork], membership_id: FromPath[UUID]) -> None:
    """Take out somebody whom a hand has put into a team."""
    await remove_membership(work, membership_id)


@post("/roles", opt=declares(Permission.ROLE_ASSIGN))
async def post_role(work: NamedDependency[UnitOfWork], data: JSONBody[RoleCreate]) -> Response[Carried]:
    """Give somebody a role on the platform; 202 where somebody else has to agree."""
    return carried(await assign_role(work, data))


@delete("/roles/{assignment_id:uuid}", opt=declares(Permission.ROLE_REMOVE))
async def delete_role(work: NamedDependency[UnitOfWork], assignment_id: FromPath[UUID]) -> None:
    """Take a role that was given by hand."""
    await remove_role(work, assignment_id)


@get("/single-acts", opt=declares(Permission.SINGLE_PERSON_CONFIRM))
async def get_single_acts(
    work: NamedDependency[UnitOfWork],
    everything: Everything = False,  # noqa: FBT002 - a query parameter has a name
    after: FromQuery[str] = "",
    limit: Limit = 50,
) -> Listing[SingleActRead]:
    """List what an admin did alone in the first days and nobody has confirmed yet, or all of it."""
    page = await list_single_acts(work, everything=everything, after=cursor(after, 1), size=limit)
    return Listing.of(page)


@post("/single-acts/{act_id:uuid}/confirm", opt=declares(Permission.SINGLE_PERSON_CONFIRM), status_code=204)
async def post_confirm(work: NamedDependency[UnitOfWork], act_id: FromPath[UUID]) -> None:
    """Stand by what another admin did alone."""
    await confirm_single_act(work, act_id)


def carried(result: Carried) -> Response[Any]:
    """Answer 201 for what is done, and 202 for what waits for somebody else."""
    return Response(result, status_code=201 if result.state == "done" else 202)


API = (
    get_me,
    get_people,
    get_person,
    post_disable,
    post_enable,
    get_teams,
    post_team,
    get_team,
    get_members,
    post_membership,
    delete_membership,
    post_role,
    delete_role,
    get_single_acts,
    post_confirm,
)
