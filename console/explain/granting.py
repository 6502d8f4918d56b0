"""Who could grant what is missing: the groups whose approval it takes, and who was in them at the moment."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from uuid import UUID

from console.catalog.explained import group_in_words
from console.explain.forms import Granting, Named
from console.explain.organisation import OWNER, Organisation
from policy.decision import GroupCount


def people_of(org: Organisation, group: str, team: str) -> frozenset[UUID]:
    """Return who answers for `owner:TEAM`, or as `reviewer` for models of `team`, and is not kept out."""
    kind, _, named = group.partition(":")
    found = _owners(org, named) if kind == "owner" else _holders(org, kind, team)
    return frozenset(person for person in found if org.is_active(person))


def could_grant(
    org: Organisation, missing: Sequence[GroupCount], team: str, named: Mapping[UUID, Named] | None
) -> list[Granting]:
    """Return the groups in words; with their people where `named` is given."""
    return [
        Granting(
            group=entry.group,
            words=group_in_words(entry.group),
            count=entry.count,
            people=[named[one] for one in sorted(people_of(org, entry.group, team))] if named else [],
        )
        for entry in missing
    ]


def everyone_asked(org: Organisation, missing: Iterable[GroupCount], team: str) -> frozenset[UUID]:
    """Return everybody in the groups that are missing."""
    return frozenset(person for entry in missing for person in people_of(org, entry.group, team))


def _owners(org: Organisation, name: str) -> Iterator[UUID]:
    for team in org.teams.values():
        if team.state["name"] == name:
            yield from (row.names("person_id") for row in org.members(team.id) if row.state["role"] == OWNER)


def _holders(org: Organisation, role: str, team: str) -> Iterator[UUID]:
    for person in {row.names("person_id") for row in org.assignments()}:
        scope = org.roles(person).get(role, ())
        if scope == "all" or team in scope:
            yield person
