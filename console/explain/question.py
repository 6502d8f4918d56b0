"""The question that a decision would have been asked at a moment, from the organisation as it was."""

from dataclasses import dataclass, field
from uuid import UUID

from console.clock import seconds
from console.explain.history import Stated
from console.explain.organisation import OWNER, Organisation
from policy.decision import Document, Query
from policy.facts import RoleScope, describe_context, describe_route, describe_subject


@dataclass(frozen=True, slots=True)
class Supposed:
    """Rights that somebody is supposed to hold besides: teams by name, those owned, and roles."""

    teams: tuple[str, ...] = ()
    owner_of: tuple[str, ...] = ()
    roles: tuple[tuple[str, RoleScope], ...] = field(default=())


NOTHING_SUPPOSED = Supposed()


def question(
    org: Organisation,
    person: UUID,
    route: Stated,
    action: str,
    *,
    profile: str,
    supposed: Supposed = NOTHING_SUPPOSED,
) -> Query:
    """Return what would be asked if this person did `action` on `route` at the organisation's moment."""
    return Query(
        subject=_subject(org, person, supposed),
        action=action,
        resource=_resource(org, route),
        grants=tuple(_grants(org, person, route.id, supposed)),
        context=describe_context(now=seconds(org.moment.valid), allowed_acr=(), profile=profile),
    )


def _subject(org: Organisation, person: UUID, supposed: Supposed) -> Document:
    joined = org.memberships(person)
    kind = org.people[person].state["kind"] if person in org.people else "person"
    return describe_subject(
        id=person,
        kind="service" if kind == "service" else "person",
        method="bearer",
        teams=[str(org.team_name(row.names("team_id"))) for row in joined] + [*supposed.teams],
        owner_of=[str(org.team_name(row.names("team_id"))) for row in joined if row.state["role"] == OWNER]
        + [*supposed.owner_of],
        roles=[*org.roles(person).items(), *supposed.roles],
    )


def _resource(org: Organisation, route: Stated) -> Document:
    model = org.model_of(route)
    if model is None:
        return {"type": "route", "id": str(route.id)}
    return describe_route(
        id=route.id,
        name=route.state["name"],
        team=org.team_name(model.names("team_id")) or "",
        visibility=model.state["visibility"],
        tier=model.state["tier"],
        data_class=model.state["data_class"],
        state=route.state["state"],
    )


def _grants(org: Organisation, person: UUID, route: UUID, supposed: Supposed) -> list[Document]:
    teams = {row.names("team_id") for row in org.memberships(person)}
    teams |= {team for team, row in org.teams.items() if row.state["name"] in supposed.teams}
    return [_grant(org, row) for row in org.grants_on(route) if row.names("principal_id") in {person, *teams}]


def _grant(org: Organisation, row: Stated) -> Document:
    holder = row.names("principal_id")
    return {
        "id": str(row.id),
        "permission": row.state["permission"],
        "resource_id": row.state["resource_id"],
        "principal_type": row.state["principal_type"],
        "principal_id": org.team_name(holder) if row.state["principal_type"] == "team" else str(holder),
        "starts": seconds(row.state["starts"]),
        "ends": seconds(row.state["ends"]),
    }
