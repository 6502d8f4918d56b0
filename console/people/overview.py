"""The pages of people and of teams: what each shows to whom, and which controls it leaves out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from console.people.own_rights import reach
from console.people.queries import PersonFilter, list_people, read_person
from console.people.sections import Section, sections_for
from console.people.shown import MemberRead, PersonItem, PersonRead, SingleActRead, TeamItem, TeamRead
from console.people.single_acts import list_single_acts
from console.people.team_queries import list_members, list_teams, read_team
from console.questions import Resource
from console.web.forms import Form
from console.web.listing import cursor
from console.web.pagination import next_href
from console.work import UnitOfWork
from policy.models import ChangeKind
from policy.permissions import Permission
from sso.models import PersonState, PlatformRole, Source, TeamRole


@dataclass(frozen=True, slots=True)
class PeoplePage:
    """A page of people; `states` and `roles` are what the filter offers."""

    sections: Sequence[Section]
    items: Sequence[PersonItem]
    more: str | None
    wanted: Mapping[str, str]
    roles: Sequence[str]


@dataclass(frozen=True, slots=True)
class PersonPage:
    """One person; what this viewer may do about them is in `may`."""

    sections: Sequence[Section]
    person: PersonRead
    reaches: Mapping[str, str]
    may: frozenset[str]
    own: bool
    audits: bool
    roles: Sequence[str]
    join: Form[Any]
    give: Form[Any]


@dataclass(frozen=True, slots=True)
class TeamsPage:
    """A page of teams."""

    sections: Sequence[Section]
    items: Sequence[TeamItem]
    more: str | None
    q: str
    may_create: bool
    form: Form[Any]


@dataclass(frozen=True, slots=True)
class TeamPage:
    """One team with a page of its members; `may` are the team roles this viewer gives and takes by hand."""

    sections: Sequence[Section]
    team: TeamRead
    members: Sequence[MemberRead]
    more: str | None
    may: frozenset[str]
    reads_people: bool
    join: Form[Any]


@dataclass(frozen=True, slots=True)
class AlonePage:
    """What was done alone in the first days."""

    sections: Sequence[Section]
    items: Sequence[SingleActRead]
    more: str | None


async def open_people(work: UnitOfWork, wanted: Mapping[str, str], after: str = "") -> PeoplePage:
    """Return a page of people.

    Raises:
        RefusedError: the caller reads nobody's data.
    """
    chosen = {name: wanted.get(name, "") for name in ("q", "state", "role", "team")}
    filtered = PersonFilter(
        chosen["q"],
        PersonState(chosen["state"]) if chosen["state"] in list(PersonState) else None,
        PlatformRole(chosen["role"]) if chosen["role"] in list(PlatformRole) else None,
        chosen["team"],
    )
    found = await list_people(work, filtered, cursor(after, 1))
    more = next_href("/people", [item for item in chosen.items() if item[1]], found)
    return PeoplePage(
        await sections_for(work), found.items, more, chosen, [role.value for role in PlatformRole]
    )


async def open_person(
    work: UnitOfWork, person_id: UUID, join: Form[Any] | None = None, give: Form[Any] | None = None
) -> PersonPage:
    """Return the page of one person.

    Raises:
        RefusedError: the caller reads nobody's data.
        NotFoundError: no such person.
    """
    person = await read_person(work, person_id)
    asked = (Permission.PERSON_DISABLE, Permission.ROLE_ASSIGN, Permission.MEMBERSHIP_REMOVE)
    may = [right.value for right in asked if await work.allowed(right, Resource("person", person_id))]
    browsers = Resource("session", person_id, {"person": str(person_id)})
    if await work.allowed(Permission.SESSION_READ, browsers):
        may.append(Permission.SESSION_READ.value)
    linking = Resource("change", None, {"kind": ChangeKind.IDENTITY_LINK.value})
    if await work.allowed(Permission.CHANGE_CREATE, linking):
        may.append(ChangeKind.IDENTITY_LINK.value)
    return PersonPage(
        sections=await sections_for(work),
        person=person,
        reaches={one.scope: reach(one.scope) for one in person.held_roles},
        may=frozenset(may),
        own=person_id == work.principal.id,
        audits=await work.allowed(Permission.AUDIT_READ, Resource("audit")),
        roles=[role.value for role in PlatformRole],
        join=join or Form({"person": person.handle}),
        give=give or Form({"person": person.handle}),
    )


async def open_teams(
    work: UnitOfWork, q: str = "", after: str = "", form: Form[Any] | None = None
) -> TeamsPage:
    """Return a page of the teams the caller may see."""
    found = await list_teams(work, q, cursor(after, 1))
    return TeamsPage(
        sections=await sections_for(work),
        items=found.items,
        more=next_href("/people/teams", [("q", q)] if q else [], found),
        q=q,
        may_create=await work.allowed(Permission.TEAM_CREATE, Resource("team")),
        form=form or Form(),
    )


async def open_team(work: UnitOfWork, name: str, after: str = "", join: Form[Any] | None = None) -> TeamPage:
    """Return the page of one team.

    Raises:
        NotFoundError: no such team, or none the caller may see.
    """
    team = await read_team(work, name)
    members = await list_members(work, name, cursor(after, 2))
    return TeamPage(
        sections=await sections_for(work),
        team=team,
        members=members.items,
        more=next_href(f"/people/teams/{name}", (), members),
        may=frozenset([role.value for role in TeamRole if await _manages(work, name, role)]),
        reads_people=await work.allowed(Permission.PERSON_READ, Resource("person")),
        join=join or Form({"team": name}),
    )


async def open_alone(work: UnitOfWork, after: str = "") -> AlonePage:
    """Return what waits to be confirmed, and what was.

    Raises:
        RefusedError: the caller is no admin.
    """
    found = await list_single_acts(work, everything=True, after=cursor(after, 1))
    return AlonePage(await sections_for(work), found.items, next_href("/people/alone", (), found))


async def _manages(work: UnitOfWork, team: str, role: TeamRole) -> bool:
    facts = {"team": team, "role": role.value, "managed_by": Source.MANUAL.value}
    return await work.allowed(Permission.MEMBERSHIP_CREATE, Resource("membership", None, facts))
