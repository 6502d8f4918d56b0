"""What somebody holds, why, and until when: roles by rule, calls by grant."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from console.catalog.facts import covering_grants
from console.models import Route
from console.people.rights import read_me
from console.work import UnitOfWork
from policy.models import Change, Grant
from sso.directory import PersonRights, rights_of
from sso.models import Membership, Source, Team, TeamRole
from sso.scopes import Scope

SOURCES = {
    Source.CLAIM: "A mapping rule gives it for what your identity provider says of you.",
    Source.SCIM: "Your directory gives it.",
    Source.MANUAL: "It was given by hand.",
}
ROLES = {
    "admin": "looks after people, rules and clusters",
    "auditor": "reads and proves the log, and changes nothing",
    "reviewer": "answers access requests",
}


@dataclass(frozen=True, slots=True)
class Held:
    """A role, where it counts, and who says so."""

    role: str
    where: str
    why: str


@dataclass(frozen=True, slots=True)
class CallableRoute:
    """A route somebody may call by grant. Times are in microseconds; `request` is the person's own."""

    route: str
    holder: str
    starts: int
    ends: int
    state: str
    request: UUID | None


@dataclass(frozen=True, slots=True)
class OwnRights:
    """What the page of one's own access shows."""

    handle: str
    name: str
    issuer: str
    roles: Sequence[Held]
    routes: Sequence[CallableRoute]


async def read_own_rights(work: UnitOfWork) -> OwnRights:
    """Return what the caller holds, with reasons and ends."""
    me = await read_me(work)
    async with work.read() as session:
        rights = await rights_of(session, me.id)
        roles = [*await _team_roles(session, me.id), *_platform_roles(rights)]
        routes = await _routes(session, me.id, work.now)
    return OwnRights(me.handle, me.name, work.principal.authentication.issuer, roles, routes)


async def _team_roles(session: AsyncSession, person_id: UUID) -> list[Held]:
    query = (
        select(Membership, Team)
        .join(Team, col(Team.id) == col(Membership.team_id))
        .where(Membership.person_id == person_id)
        .order_by(col(Team.name))
    )
    return [
        Held(
            "Owner" if row.role is TeamRole.OWNER else "Member",
            f"team {team.name}",
            SOURCES[row.managed_by],
        )
        for row, team in await session.exec(query)
    ]


def _platform_roles(rights: PersonRights) -> list[Held]:
    return [Held(role.value.capitalize(), _reach(scope), ROLES[role.value]) for role, scope in rights.roles]


def _reach(scope: Scope) -> str:
    return "everywhere" if scope == "all" else "teams " + ", ".join(sorted(scope))


async def _routes(session: AsyncSession, person_id: UUID, now: int) -> list[CallableRoute]:
    grants = [grant for grant, _ in await covering_grants(session, person_id)]
    found = [await _callable(session, grant, person_id, now) for grant in grants]
    return sorted(found, key=lambda item: (item.state != "granted", item.route))


async def _callable(session: AsyncSession, grant: Grant, person_id: UUID, now: int) -> CallableRoute:
    route = await session.get_one(Route, grant.resource_id)
    team = await session.get(Team, grant.principal_id)
    change = await session.get(Change, grant.change_id)
    own = change.id if change and change.requester_id == person_id else None
    state = "granted" if grant.starts <= now < grant.ends else "expired"
    return CallableRoute(
        route.name, f"team {team.name}" if team else "you", grant.starts, grant.ends, state, own
    )
