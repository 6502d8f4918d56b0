"""How a ground came about, hop by hop, each with the event that made it so."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from console.clock import to_text
from console.explain.forms import Hop, Line, Named, Way
from console.explain.history import Rows, Stated
from console.explain.organisation import Organisation

KEPT: Final[Mapping[str, str]] = {
    "claim": "Given at a sign-in",
    "manual": "Given by hand",
    "scim": "Given by the directory",
}


@dataclass(frozen=True, slots=True)
class Past:
    """What there is to tell with: the organisation, rules, changes and reviews as they were, and handles."""

    org: Organisation
    others: Rows
    named: Mapping[UUID, Named]

    def call(self, person: UUID) -> str:
        """Return a handle, or the id of somebody who was erased."""
        found = self.named.get(person)
        return (found.handle if found else None) or str(person)


def way_of(past: Past, person: UUID, route: Stated, ground: str, lines: Sequence[Line]) -> Way:
    """Return the hops behind one ground of a decision, from the person to the line of the policy."""
    kind, _, about = ground.partition(":")
    hops = [_person(past, person)]
    if kind == "grant":
        hops += _grant(past, person, UUID(about))
    elif kind in {"owner", "member"}:
        hops += _team(past, person, about)
    elif kind == "role":
        hops += _role(past, person, about)
    elif kind == "visibility":
        hops += _visibility(past, route, about)
    return Way(ground=ground, hops=[*hops, *map(_line, lines)])


def _person(past: Past, person: UUID) -> Hop:
    row = past.org.people.get(person)
    if row is None:
        return Hop(kind="person", title=past.call(person), detail="History knew nobody by this id then.")
    return _hop("person", past.call(person), f"{row.state['kind']}, {row.state['state']}".capitalize(), row)


def _grant(past: Past, person: UUID, grant_id: UUID) -> Iterator[Hop]:
    grant = past.org.grants[grant_id]
    holder = grant.names("principal_id")
    if grant.state["principal_type"] == "team":
        yield from _team(past, person, str(past.org.team_name(holder)))
    ends = to_text(grant.state["ends"])
    yield _hop("grant", "Grant", f"May call from {to_text(grant.state['starts'])} until {ends}.", grant)
    yield from _approvals(past, grant.names("change_id"))


def _team(past: Past, person: UUID, name: str) -> Iterator[Hop]:
    for row in past.org.memberships(person):
        team = past.org.teams[row.names("team_id")]
        if team.state["name"] == name:
            yield from _rules(past, row, team)
            said = f"{row.state['role'].capitalize()} of team {name}"
            yield _hop("membership", said, KEPT[row.state["managed_by"]], row)
            yield _hop("team", f"Team {name}", "", team)


def _rules(past: Past, held: Stated, team: Stated | None) -> Iterator[Hop]:
    if held.state["managed_by"] != "claim":
        return
    for rule in past.others["mapping_rule"].values():
        fits = rule.state["team_id"] in {None, str(team.id) if team else None}
        if fits and rule.state["role"] == held.state["role"]:
            words = "is at or below" if rule.state.get("matcher") == "path_prefix" else "is"
            said = f"{rule.state['claim']} {words} {rule.state['value']}"
            yield _hop("group", "A mapping rule that gives it", f"{said}, at {rule.state['issuer']}", rule)


def _role(past: Past, person: UUID, role: str) -> Iterator[Hop]:
    for row in past.org.role_rows(person):
        if row.state["role"] == role:
            yield from _rules(past, row, None)
            where = "everywhere" if row.state["scope"] == "all" else f"on teams {row.state['scope']}"
            yield _hop("role", f"{role.capitalize()}, {where}", KEPT[row.state["managed_by"]], row)


def _visibility(past: Past, route: Stated, word: str) -> Iterator[Hop]:
    model = past.org.model_of(route)
    if model is not None:
        yield _hop("visibility", f"The model is {word}", "For every person who is signed in.", model)


def _approvals(past: Past, change_id: UUID) -> Iterator[Hop]:
    change = past.others["change"].get(change_id)
    if change is not None:
        asked = past.call(change.names("requester_id"))
        said = f"Policy {change.state['policy_revision'][:12]} said who answers."
        yield _hop("request", f"Asked for by {asked}", said, change)
    for row in sorted(past.others["review"].values(), key=lambda one: one.since):
        if row.names("change_id") == change_id:
            groups = ", ".join(row.state["groups"])
            said = f"{_answer(row)} by {past.call(row.names('reviewer_id'))}"
            yield _hop("approval", said, f"For {groups}.", row)


def _answer(review: Stated) -> str:
    return "Approved" if review.state["decision"] == "approve" else "Refused"


def _line(line: Line) -> Hop:
    return Hop(kind="policy", title=f"{line.file}, line {line.number}", detail=line.text)


def _hop(kind: str, title: str, detail: str, row: Stated) -> Hop:
    return Hop(kind=kind, title=title, detail=detail, since=to_text(row.since), event=row.event)
