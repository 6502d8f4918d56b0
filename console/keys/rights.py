"""May the maker of a key give it these scopes? Never more than the maker holds when making it."""

from collections.abc import Sequence
from typing import Final

from console.catalog.facts import find_route, route_resource
from console.keys.facts import Owner
from console.questions import Resource
from console.work import UnitOfWork
from policy.permissions import Permission
from policy.programs import PROGRAMS
from sso.principal import Authentication, Principal
from sso.rights import rights_of

PER_ROUTE: Final = frozenset({Permission.MODEL_DESCRIBE, Permission.MODEL_INVOKE, Permission.MODEL_READ})
"""What is held on a route, not by a role: without a list of routes the call itself decides on each."""


async def missing_right(
    work: UnitOfWork, owner: Owner, scopes: Sequence[str], routes: Sequence[str] | None
) -> str | None:
    """Return the reason why a key may not have these scopes on these routes, or None."""
    for scope in scopes:
        if scope not in PROGRAMS:
            return f"scope_not_for_keys:{scope}"
        permission = Permission(scope)
        if permission in PER_ROUTE:
            held = await _holds_on(work, owner, permission, routes)
        else:
            held = await _holds(work, permission)
        if not held:
            return f"scope_beyond_rights:{scope}"
    return None


async def _holds_on(
    work: UnitOfWork, owner: Owner, permission: Permission, routes: Sequence[str] | None
) -> bool:
    limits = work.principal.authentication.scopes
    if limits is not None and permission.value not in limits:
        return False
    for name in routes or ():
        if not (await _may(work, permission, name) or await _may(_as_owner(work, owner), permission, name)):
            return False
    return True


async def _may(work: UnitOfWork, permission: Permission, route: str) -> bool:
    async with work.read() as session:
        facts = await find_route(session, route)
        resource = await route_resource(session, facts, work.principal.id) if facts else None
    return resource is not None and await work.allowed(permission, resource)


def _as_owner(work: UnitOfWork, owner: Owner) -> UnitOfWork:
    """Return the same work as the service account does it: its team's owner gives what it holds already."""
    if owner.team is None:
        return work
    proof = Authentication(method="bearer", issuer="guildhall", subject=str(owner.person.id))
    principal = Principal(owner.person.id, "service", owner.profile.handle, owner.profile.name, proof)
    return UnitOfWork(work.services, principal, work.origin)


async def _holds(work: UnitOfWork, permission: Permission) -> bool:
    """Say whether the maker holds a right by a role, everywhere or for a team they own."""
    own = {"person": str(work.principal.id)} if permission is Permission.SELF_READ else {}
    kind = permission.value.partition(".")[0]
    kind = "person" if permission is Permission.SELF_READ else kind
    part = {"part": "checkpoint"} if permission is Permission.LOG_READ else {}
    async with work.read() as session:
        teams = (await rights_of(session, work.principal.id)).owner_of
    asked = [Resource(kind, None, {**own, **part}), *(Resource(kind, None, {"team": team}) for team in teams)]
    for resource in asked:
        if await work.allowed(permission, resource):
            return True
    return False
