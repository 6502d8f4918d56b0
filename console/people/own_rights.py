"""What somebody holds, why, and until when: roles by source and rule, calls by grant and its approvers."""

from collections.abc import Sequence
from dataclasses import dataclass

from console.people.grants_held import grants_held
from console.people.reasons import memberships_of, reasons_for, roles_held
from console.people.rights import read_me
from console.people.shown import HeldGrant
from console.work import UnitOfWork
from sso.scopes import read_scope

ROLES = {
    "admin": "looks after people, rules and clusters",
    "auditor": "reads and proves the log, and changes nothing",
    "reviewer": "answers access requests",
}
FOR_AS_LONG = {
    "claim": "Until a sign-in no longer says so",
    "scim": "Until the directory takes it",
    "manual": "Until somebody takes it",
}


@dataclass(frozen=True, slots=True)
class Held:
    """A role, where it counts, who says so, and until when."""

    role: str
    where: str
    why: str
    until: str


@dataclass(frozen=True, slots=True)
class OwnRights:
    """What the page of one's own access shows."""

    handle: str
    name: str
    issuer: str
    roles: Sequence[Held]
    routes: Sequence[HeldGrant]


async def read_own_rights(work: UnitOfWork) -> OwnRights:
    """Return what the caller holds, with reasons and ends."""
    me = await read_me(work)
    async with work.read() as session:
        reasons = await reasons_for(work.services, session, me.id)
        teams = await memberships_of(session, me.id, reasons)
        platform = await roles_held(session, me.id, reasons)
        routes = await grants_held(session, me.id, work.now)
    roles = [
        Held(one.role.capitalize(), f"team {one.team}", one.why, _until(one.managed_by)) for one in teams
    ]
    # An admin is no auditor at the same time: what does not count is not shown as held.
    roles += [
        Held(
            one.role.capitalize(),
            reach(one.scope),
            f"{one.why} It {ROLES[one.role]}.",
            _until(one.managed_by),
        )
        for one in platform
        if one.role in me.roles
    ]
    return OwnRights(me.handle, me.name, work.principal.authentication.issuer, roles, routes)


def reach(text: str) -> str:
    """Say where a role with this scope counts."""
    scope = read_scope(text)
    return "everywhere" if isinstance(scope, str) else "teams " + ", ".join(sorted(scope))


def _until(managed_by: str) -> str:
    return FOR_AS_LONG[managed_by]
