"""Who could do what: the grounds that the bundle's tables give on a route, for everybody at once.

The engine answers one question at a time; over five thousand people and ten thousand models that is no way to
ask "who?". Here the grounds of `guildhall.authz` on a route are worked out from the same tables (`data.json`)
over whole rows. `tests/console/explain/test_engine_agrees.py` holds both to the same answers. A rule that a
bundle adds beside its tables is not seen here; the page of one answer asks the engine itself.
"""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias
from uuid import UUID

from console.explain.history import Stated
from console.explain.organisation import OWNER, Organisation

Grounds: TypeAlias = Mapping[UUID, tuple[str, ...]]
"""What each person may rest on, as a decision would name it in `matched`."""

ASKING: Final = frozenset({"access_request.create", "access_request.review"})
"""These take more than who somebody is: a team that receives, or a change that is asked about."""


@dataclass(frozen=True, slots=True)
class Could:
    """Somebody could do it, on a route of this team, for these reasons."""

    person: UUID
    route: Stated
    team: str
    grounds: tuple[str, ...]


class Tables:
    """The tables of a bundle: which actions come by role, by team, by visibility and by grant."""

    def __init__(self, files: Mapping[str, str]) -> None:
        """Read them from the bundle's files."""
        self._data: Mapping[str, Any] = json.loads(files["data.json"])["guildhall"]

    def has(self, table: str, action: str) -> bool:
        """Say whether a table of actions holds this one."""
        return action in self._data.get(table, ())

    def by_role(self, action: str) -> frozenset[str]:
        """Return the roles on the platform that may do it."""
        return frozenset(role for role, actions in self._data["platform_roles"].items() if action in actions)

    def in_team(self, role: str, action: str) -> bool:
        """Say whether members or owners of the model's own team may do it."""
        return action in self._data["team_roles"][role]


def could(org: Organisation, tables: Tables, action: str, route: Stated) -> Iterator[Could]:
    """Yield everybody who could do `action` on `route`, by id."""
    model = org.model_of(route)
    team = org.team_name(model.names("team_id")) if model else None
    if model is None or team is None or action in ASKING:
        return
    if tables.has("running", action) and route.state["state"] != "active":
        return
    found = _grounds(org, tables, action, route, model)
    for person in sorted(found):
        if org.is_active(person):
            yield Could(person, route, team, tuple(sorted(found[person])))


def _grounds(
    org: Organisation, tables: Tables, action: str, route: Stated, model: Stated
) -> Mapping[UUID, set[str]]:
    team = org.team_name(model.names("team_id"))
    found: defaultdict[UUID, set[str]] = defaultdict(set)
    for person, ground in (
        *_by_role(org, tables.by_role(action), str(team)),
        *_by_team(org, tables, action, model.names("team_id")),
        *_by_visibility(org, tables, action, model.state["visibility"]),
        *(_by_grant(org, route.id) if tables.has("granted", action) else ()),
    ):
        found[person].add(ground)
    return found


def _by_role(org: Organisation, wanted: frozenset[str], team: str) -> Iterator[tuple[UUID, str]]:
    if not wanted:
        return
    for person in {row.names("person_id") for row in org.assignments()}:
        for role, scope in org.roles(person).items():
            if role in wanted and (scope == "all" or team in scope):
                yield person, f"role:{role}"


def _by_team(org: Organisation, tables: Tables, action: str, team: UUID) -> Iterator[tuple[UUID, str]]:
    name = org.team_name(team)
    owners = tables.in_team("owner", action) and not tables.has("delegated", action)
    for row in org.members(team):
        if row.state["role"] == OWNER and owners:
            yield row.names("person_id"), f"owner:{name}"
        if tables.in_team("member", action):
            yield row.names("person_id"), f"member:{name}"


def _by_visibility(
    org: Organisation, tables: Tables, action: str, visibility: str
) -> Iterator[tuple[UUID, str]]:
    if visibility not in {"listed", "shared"} or not tables.has(visibility, action):
        return
    for person, row in org.people.items():
        if row.state["kind"] == "person":
            yield person, f"visibility:{visibility}"


def _by_grant(org: Organisation, route: UUID) -> Iterator[tuple[UUID, str]]:
    for grant in org.grants_on(route):
        if grant.state["permission"] != "model.invoke":
            continue
        holder = grant.names("principal_id")
        if grant.state["principal_type"] != "team":
            person = org.people.get(holder)
            if person is not None and person.state["kind"] == grant.state["principal_type"]:
                yield holder, f"grant:{grant.id}"
        elif holder in org.teams:
            for row in org.members(holder):
                yield row.names("person_id"), f"grant:{grant.id}"
