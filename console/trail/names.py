"""Names beside the references of the log: read from the present tables, where they can be erased."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from audit.events import EVENT_TYPES, EventType
from audit.head import Head
from console.models import Cluster, Model, Route
from console.pseudonyms import pseudonym
from policy.models import Change, Grant
from sso.models import Person, Profile, Team
from sso.principal import system_principal

ENDINGS: Mapping[str, str] = {
    "denied": ", and was refused",
    "failure": ", and it failed",
    "unknown": ", and how it ended is not known",
}
KINDS: Mapping[str, str] = {
    "alarm": "an alarm",
    "cluster": "a cluster",
    "erasure": "a person's data",
    "hold_release": "a legal hold",
    "identity_link": "whose accounts are one person's",
    "log_key": "a key of the log",
    "mapping_rule": "a mapping rule",
    "membership": "a membership",
    "model": "a model",
    "policy": "the policies",
    "promotion": "a promotion",
    "prune": "what is kept",
    "publish": "a publication",
    "reapproval": "an approval that went stale",
    "retention": "a retention",
    "role": "a role",
    "scim_credential": "a SCIM credential",
    "sink": "what a follower is told",
    "trusted_issuer": "a trusted issuer",
}
"""What a change is of, by its kind; that of access is named by its route."""
SYSTEM = {part.id: part.name for part in map(system_principal, ("bootstrap", "demo", "sign-in", "start"))}
"""Our own parts that act, by id: no table holds them."""
_TYPES: Mapping[str, EventType] = {str(action): kind for action, kind in EVENT_TYPES.items()}


@dataclass(frozen=True, slots=True)
class Names:
    """The names of people (and our own parts) and routes by id; `others` holds other things in words.

    `erased` are people without a name: only their pseudonyms are left.
    """

    people: Mapping[UUID, str]
    routes: Mapping[UUID, str]
    others: Mapping[UUID, str] = field(default_factory=dict)
    erased: Collection[UUID] = ()


class TrailLookup:
    """Finds the ids of names in a query; `routes` are those the asking auditor may know of, None for all."""

    def __init__(self, session: AsyncSession, routes: Collection[UUID] | None) -> None:
        """Ask within `session`."""
        self._session = session
        self._routes = routes

    async def principal(self, handle: str) -> UUID | None:
        """Return the id of the person or service with this handle."""
        wanted = select(Profile.person_id).where(col(Profile.handle) == handle)
        return (await self._session.exec(wanted)).first()

    async def route(self, name: str) -> UUID | None:
        """Return the id of the route with this name, if it may be known."""
        found = (await self._session.exec(select(Route.id).where(col(Route.name) == name))).first()
        return found if self._routes is None or found in self._routes else None


async def read_names(session: AsyncSession, heads: Sequence[Head]) -> Names:
    """Return the present names of everybody and every route that `heads` refer to."""
    actors = {head.actor for head in heads if head.actor}
    places = {head.resource.id for head in heads if head.resource and head.resource.id}
    people = select(Person.id, Profile.name).outerjoin(Profile, col(Profile.person_id) == col(Person.id))
    known = dict((await session.exec(people.where(col(Person.id).in_(actors | places)))).all())
    named = {person: name for person, name in known.items() if name is not None}
    routes = await session.exec(select(Route.id, Route.name).where(col(Route.id).in_(places)))
    others = await _read_others(session, places)
    return Names(SYSTEM | named, dict(routes.all()), others, known.keys() - named.keys())


async def _read_others(session: AsyncSession, places: Collection[UUID]) -> dict[UUID, str]:
    clusters = select(Cluster.id, Cluster.name).where(col(Cluster.id).in_(places))
    teams = select(Team.id, Team.name).where(col(Team.id).in_(places))
    changes = select(Change.id, Route.name).join(Route, col(Route.id) == col(Change.resource_id))
    grants = select(Grant.id, Route.name).join(Route, col(Route.id) == col(Grant.resource_id))
    asked = (
        ("cluster", clusters),
        ("team", teams),
        ("the request for", changes.where(col(Change.id).in_(places))),
        ("access to", grants.where(col(Grant.id).in_(places))),
    )
    found = {place: f"{words} {name}" for words, query in asked for place, name in await session.exec(query)}
    kept = select(Change.id, Change.kind).where(col(Change.id).in_(places))
    kinds = {place: KINDS[kind] for place, kind in await session.exec(kept) if kind in KINDS}
    return kinds | found


async def team_of_route(session: AsyncSession, route_id: UUID | None) -> str | None:
    """Return the name of the team that owns the route, or None when there is no such route."""
    wanted = (
        select(Team.name)
        .join(Model, col(Model.team_id) == col(Team.id))
        .join(Route, col(Route.model_id) == col(Model.id))
        .where(col(Route.id) == route_id)
    )
    return (await session.exec(wanted)).first()


def tell(head: Head, names: Names) -> str:
    """Return the entry as one sentence."""
    known = _TYPES.get(head.action)
    sentence = known.sentence if known else f"{{actor}} did {head.action} to {{resource}}"
    told = sentence.format(actor=_call_actor(head, names), resource=_call_resource(head, names))
    return f"{told}{ENDINGS.get(head.outcome, '')}."


def _call_actor(head: Head, names: Names) -> str:
    if head.actor is not None and head.actor in names.erased:
        return f"An {pseudonym(head.actor)}"
    return names.people.get(head.actor, "Someone") if head.actor else "Someone unknown"


def _call_resource(head: Head, names: Names) -> str:
    if head.resource is None:
        return "something"
    words, place = head.resource.type.replace("_", " "), head.resource.id
    if place is not None and place in names.erased:
        return f"an {pseudonym(place)}"
    named = (names.routes, names.people, names.others)
    found = next((known[place] for known in named if place in known), None) if place else None
    return found or f"{'an' if words[0] in 'aeiou' else 'a'} {words}"
