"""Why this person may call a route, or what is missing: the decision a call would get, in words."""

from dataclasses import dataclass
from uuid import UUID

from sqlmodel import col, select

from console.catalog.facts import covering_grants, find_route, route_resource
from console.errors import NotFoundError
from console.policies.deciding import decide
from console.questions import Resource, ask
from console.work import UnitOfWork
from policy.decision import Decision
from policy.models import Change, ChangeState, Grant
from policy.permissions import Permission
from sso.models import Team


@dataclass(frozen=True, slots=True)
class Access:
    """Somebody's access to a route.

    `state` is none, pending, granted, ended or stopped; `deciders` are the groups whose approval is missing;
    `request` is the caller's own request behind it; `ends` is in microseconds.
    """

    state: str
    why: str
    deciders: tuple[str, ...] = ()
    request: UUID | None = None
    since: int | None = None
    ends: int | None = None


async def explain_access(work: UnitOfWork, name: str) -> tuple[Resource, Access]:
    """Return the route as a resource, and the caller's access to it.

    Raises:
        NotFoundError: there is no such route.
    """
    async with work.read() as session:
        facts = await find_route(session, name)
        if facts is None:
            raise NotFoundError("There is no model by this name.")
        resource = await route_resource(session, facts, work.principal.id)
        active = await work.services.policies.active(session)
        question = await ask(work.services, session, work.principal, Permission.MODEL_INVOKE, resource)
    decision = await decide(work.services, question, active)
    if decision.allow:
        return resource, await _allowed(work, facts.route.id, decision)
    return resource, await _missing(work, facts.route.id, decision)


async def _allowed(work: UnitOfWork, route_id: UUID, decision: Decision) -> Access:
    ids = {ground.removeprefix("grant:") for ground in decision.matched if ground.startswith("grant:")}
    async with work.read() as session:
        grants = await covering_grants(session, work.principal.id, [route_id])
        found = max(
            (grant for grant, _ in grants if str(grant.id) in ids), key=lambda grant: grant.ends, default=None
        )
        if found is None:
            return Access("granted", "Shared with everybody who is signed in.")
        team = await session.get(Team, found.principal_id)
        change = await session.get(Change, found.change_id)
    return _by_grant(found, team, change, work.principal.id)


def _by_grant(grant: Grant, team: Team | None, change: Change | None, person_id: UUID) -> Access:
    holder = f"team {team.name}" if team else "you"
    own = change.id if change and change.requester_id == person_id else None
    why = f"Granted to {holder}, which you are in." if team else "Granted to you."
    return Access("granted", why, request=own, since=grant.starts, ends=grant.ends)


async def _missing(work: UnitOfWork, route_id: UUID, decision: Decision) -> Access:
    deciders = tuple(entry.group for entry in decision.missing)
    if "route_stopped" in decision.reasons:
        return Access("stopped", "The route is stopped: every call is refused until it is started again.")
    pending = await _pending(work, route_id)
    if pending is not None:
        return Access("pending", "Your request waits for its answers.", deciders, pending.id, pending.created)
    if "grant_expired" in decision.reasons:
        return Access("ended", "The grant you had has ended.", deciders)
    return Access("none", "No grant gives you or a team of yours this model.", deciders)


async def _pending(work: UnitOfWork, route_id: UUID) -> Change | None:
    query = select(Change).where(
        Change.requester_id == work.principal.id,
        Change.resource_id == route_id,
        Change.state == ChangeState.PENDING,
    )
    async with work.read() as session:
        return (await session.exec(query.order_by(col(Change.created).desc()))).first()


def group_in_words(group: str) -> str:
    """Return an approval group as people say it: `owner:risk` is an owner of team risk."""
    kind, _, team = group.partition(":")
    return f"an owner of team {team}" if kind == "owner" and team else f"a {kind}"
