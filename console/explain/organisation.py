"""An organisation at one moment: who was there, in which teams, with which roles, routes and grants."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import Final
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from console.clock import seconds
from console.explain.history import Moment, Rows, Stated, Wanted, rows_at
from policy.facts import RoleScope
from sso.scopes import join_scopes, read_scope

KINDS: Final = ("person", "team", "membership", "role_assignment", "model", "route", "access_grant")
OWNER: Final = "owner"


class Organisation:
    """The rows that decide who may do what on a route, found by whom and what they name.

    Attributes:
        moment: the time in question.
    """

    def __init__(self, rows: Rows, moment: Moment) -> None:
        self.moment = moment
        self.people = rows["person"]
        self.teams = rows["team"]
        self.routes = rows["route"]
        self.grants = rows["access_grant"]
        self._models = rows["model"]
        self._joined = _by(rows["membership"], "person_id")
        self._members = _by(rows["membership"], "team_id")
        self._roles = _by(rows["role_assignment"], "person_id")
        self._granted = _by(rows["access_grant"], "resource_id")

    def memberships(self, person: UUID) -> Collection[Stated]:
        """Return the memberships of a person in teams that exist."""
        return [row for row in self._joined.get(person, ()) if row.names("team_id") in self.teams]

    def members(self, team: UUID) -> Collection[Stated]:
        """Return the memberships in a team."""
        return self._members.get(team, ())

    def assignments(self) -> Collection[Stated]:
        """Return every role on the platform that somebody holds."""
        return [row for held in self._roles.values() for row in held]

    def roles(self, person: UUID) -> Mapping[str, RoleScope]:
        """Return a person's roles and where they count; an admin is no auditor at the same time."""
        scopes: defaultdict[str, list[str]] = defaultdict(list)
        for row in self._roles.get(person, ()):
            scopes[row.state["role"]].append(row.state["scope"])
        if "admin" in scopes:
            scopes.pop("auditor", None)
        return {role: read_scope(join_scopes(texts)) for role, texts in scopes.items()}

    def role_rows(self, person: UUID) -> Collection[Stated]:
        """Return the rows behind them."""
        return self._roles.get(person, ())

    def model_of(self, route: Stated) -> Stated | None:
        """Return the model a route belongs to."""
        return self._models.get(route.names("model_id"))

    def team_name(self, team: UUID) -> str | None:
        """Return the name by which decisions know a team."""
        found = self.teams.get(team)
        return str(found.state["name"]) if found else None

    def grants_on(self, route: UUID) -> Collection[Stated]:
        """Return the grants on a route that count at the moment, to the second as decisions count."""
        now = seconds(self.moment.valid)
        rows = self._granted.get(route, ())
        return [row for row in rows if seconds(row.state["starts"]) <= now < seconds(row.state["ends"])]

    def is_active(self, person: UUID) -> bool:
        """Say whether a person or service was there and not kept out."""
        found = self.people.get(person)
        return found is not None and found.state["state"] == "active"


async def read_organisation(
    session: AsyncSession, moment: Moment, *, person: UUID | None = None, route: UUID | None = None
) -> Organisation:
    """Return the organisation at a moment; with `person` or `route`, as far as these have to do with it."""
    wanted = {kind: Wanted(kind) for kind in KINDS}
    if route is not None:
        wanted["route"] = Wanted("route", ids=[route])
        wanted["access_grant"] = Wanted("access_grant", holding=[str(route)])
    if person is not None:
        wanted["person"] = Wanted("person", ids=[person])
        wanted["membership"] = Wanted("membership", holding=[str(person)])
        wanted["role_assignment"] = Wanted("role_assignment", holding=[str(person)])
    if route is None:
        return Organisation(await rows_at(session, moment, *wanted.values()), moment)
    del wanted["model"]
    rows = dict(await rows_at(session, moment, *wanted.values()))
    models = [row.names("model_id") for row in rows["route"].values()]
    rows |= await rows_at(session, moment, Wanted("model", ids=models))
    return Organisation(rows, moment)


def _by(rows: Mapping[UUID, Stated], field: str) -> Mapping[UUID, list[Stated]]:
    found: defaultdict[UUID, list[Stated]] = defaultdict(list)
    for row in rows.values():
        found[row.names(field)].append(row)
    return found
