"""A realm as large as asked, for the sync: people, groups in two levels, and who is in which."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import NAMESPACE_URL, uuid5

PER_AREA = 50


def group_path(place: int) -> str:
    """The full path of one group: areas of fifty, as organisations have them."""
    return f"/area-{place // PER_AREA:02d}/team-{place:04d}"


def big_realm(realm: str, people: int, teams: int, memberships: int) -> dict[str, Any]:
    """A realm document: every group has members, and everybody is in at most three groups."""
    joined = list(_joined(people, teams, memberships))
    return {
        "realm": realm,
        "enabled": True,
        "groups": _groups(teams),
        "users": [_user(realm, place, joined[place]) for place in range(people)],
    }


def subject(realm: str, place: int) -> str:
    """The fixed id of one person there."""
    return str(uuid5(NAMESPACE_URL, f"{realm}/{place}"))


def _joined(people: int, teams: int, memberships: int) -> Iterator[list[int]]:
    every, more = divmod(memberships, people)
    for place in range(people):
        wanted = every + (1 if place < more else 0)
        yield [(place * 7 + step * (teams // 3 + 1)) % teams for step in range(wanted)]


def _groups(teams: int) -> list[dict[str, Any]]:
    areas: dict[str, list[dict[str, Any]]] = {}
    for place in range(teams):
        _, area, team = group_path(place).split("/")
        areas.setdefault(area, []).append({"name": team})
    return [{"name": area, "subGroups": inside} for area, inside in areas.items()]


def _user(realm: str, place: int, joined: list[int]) -> dict[str, Any]:
    return {
        "id": subject(realm, place),
        "username": f"person-{place:05d}",
        "enabled": True,
        "firstName": "Person",
        "lastName": f"Number {place}",
        "email": f"person-{place:05d}@example.org",
        # As everybody has it who was not imported: an import gives only what it names.
        "realmRoles": [f"default-roles-{realm}"],
        "groups": [group_path(team) for team in joined],
    }
