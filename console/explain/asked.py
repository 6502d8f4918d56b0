"""Who and what a question is about, and may the caller ask it: of oneself, of one's routes, as an auditor."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from audit.event import Part
from audit.events import Action
from console.catalog.facts import RouteFacts, find_route, nothing_here, route_resource
from console.clock import to_text
from console.errors import InvalidInputError
from console.explain.forms import VERBS, Named
from console.explain.history import Moment
from console.questions import Resource
from console.work import UnitOfWork
from policy.permissions import Permission
from sso.models import Person, Profile

ME: Final = "me"
UNKNOWN: Final = UUID(int=0)
"""Whom nobody is: asked about, it gives strangers the refusal that anybody else would give them."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked about, found; `person` and `route` are None where everybody and everything is meant."""

    person: UUID | None
    route: RouteFacts | None
    action: Permission


async def read_asked(work: UnitOfWork, who: str, model: str, verb: str) -> Asked:
    """Find who and what is meant, and let go on whoever may ask about it.

    Raises:
        RefusedError: neither about oneself, nor about a route of one's team, nor in an auditor's scope.
        NotFoundError: no such person or model, or none the caller may know of.
        InvalidInputError: the verb is none that a model has.
    """
    action = _action(verb)
    async with work.read() as session:
        person = await _person(session, who, work.principal.id)
        route = await find_route(session, model) if model else None
    await work.authorize(Permission.ACCESS_EXPLAIN, _resource(person, model, route))
    if person == UNKNOWN or (model and route is None) or await _hidden(work, person, route):
        raise nothing_here()
    return Asked(person, route, action)


async def record_asked(
    work: UnitOfWork, asked: Asked, moment: Moment, revision: str | None = None, supposed: str | None = None
) -> None:
    """Record what was asked: it is a read of somebody's rights."""
    content = {
        "person": str(asked.person) if asked.person else None,
        "route": asked.route.route.name if asked.route else None,
        "action": asked.action.value,
        "at": to_text(moment.valid),
        "known": to_text(moment.known),
        "revision": revision,
        "supposed": supposed,
    }
    resource = Resource("access", asked.route.route.id if asked.route else None)
    part = Part(name="asked", subject=None, content=content)
    async with work.write():
        await work.record(Action.ACCESS_EXPLAIN, resource=resource, parts=[part])


async def read_handles(session: AsyncSession, people: Iterable[UUID]) -> Mapping[UUID, Named]:
    """Return people by id, with the handles of those who were not erased."""
    wanted = set(people)
    query = select(Profile.person_id, Profile.handle).where(col(Profile.person_id).in_(wanted))
    handles = dict((await session.exec(query)).all())
    return {person: Named(id=person, handle=handles.get(person)) for person in wanted}


def _action(verb: str) -> Permission:
    found = VERBS.get(verb) or next((right for right in VERBS.values() if right.value == verb), None)
    if found is None:
        sentence = f"Choose one of {', '.join(VERBS)}."
        raise InvalidInputError(
            "Nothing like this is done with a model.", ("unknown_verb",), {"verb": sentence}
        )
    return found


async def _person(session: AsyncSession, typed: str, me: UUID) -> UUID | None:
    text = typed.strip()
    if not text or text == ME:
        return me if text else None
    try:
        wanted = select(Person.id).where(col(Person.id) == UUID(text))
    except ValueError:
        wanted = select(Profile.person_id).where(col(Profile.handle) == text)
    return (await session.exec(wanted)).first() or UNKNOWN


def _resource(person: UUID | None, model: str, route: RouteFacts | None) -> Resource:
    facts: dict[str, object] = {}
    if person is not None:
        facts["person"] = str(person)
    if model:  # of a model that is not there, as of one of a team that is not theirs
        facts["team"] = route.team.name if route else ""
    return Resource("access", route.route.id if route else None, facts)


async def _hidden(work: UnitOfWork, person: UUID | None, route: RouteFacts | None) -> bool:
    """Say whether somebody who asks about themselves may not know of the model at all."""
    if route is None or person != work.principal.id:
        return False
    async with work.read() as session:
        resource = await route_resource(session, route, work.principal.id)
    return not await work.allowed(Permission.MODEL_READ, resource)
