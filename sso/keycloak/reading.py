"""What a realm says of its people: everybody at once, or the few that an event named."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, Final
from uuid import UUID

from keycloak import KeycloakAdmin

from sso.directory_settings import DirectorySettings
from sso.errors import DirectoryError
from sso.keycloak.connection import ask, ask_if_there
from sso.keycloak.paging import HEAVY_PAGE, LONG_PAGE, Item, in_parallel, list_of, read_all, read_counted
from sso.mapping import NO_TEAMS, Rights, Rule
from sso.syncing.given import GivenRights
from sso.syncing.snapshot import DirectoryPerson, Snapshot

ATTEMPTS: Final = 3

SERVICE_ACCOUNT: Final = "service-account-"
"""How Keycloak begins the names of clients' own accounts; they are nobody, and not among its users."""

Rules = Sequence[Rule]


async def read_everybody(
    admin: KeycloakAdmin, settings: DirectorySettings, rules: Rules, teams: Mapping[str, UUID] = NO_TEAMS
) -> Snapshot:
    """Return the whole realm, read page by page; the numbers must add up.

    Of groups and organisations that none of `rules` names, the members are not asked for.

    Raises:
        DirectoryError: Keycloak does not answer, refuses, or changed all the while.
    """
    people = await _steadily(lambda: _people(admin, settings))
    groups = await _steadily(lambda: _groups(admin))
    claim = settings.groups_claim
    given = GivenRights(settings.known_as, rules, frozenset(), teams)
    named = [group for group in groups if given.by_claims({claim: [shown(settings, group)]}) != Rights()]
    joined = await _members(admin, settings, named)
    organized = await _organized(admin, settings, rules, people)
    return Snapshot(
        issuer=settings.known_as,
        people={
            one["id"]: _person(settings, one, joined.get(one["id"], ()), organized.get(one["id"], ()))
            for one in people
        },
        groups=len(groups),
        memberships=sum(map(len, joined.values())),
    )


async def read_some(admin: KeycloakAdmin, settings: DirectorySettings, subjects: Iterable[str]) -> Snapshot:
    """Return the people called `subjects`; those who are not there any more are `gone`."""
    asked = sorted(set(subjects))
    found = await in_parallel([partial(_read_one, admin, settings, one) for one in asked])
    people = {person.subject: person for person in found if person is not None}
    return Snapshot(settings.known_as, people, frozenset(asked) - people.keys())


async def _read_one(
    admin: KeycloakAdmin, settings: DirectorySettings, subject: str
) -> DirectoryPerson | None:
    # At once: somebody who has left waits for nothing but this.
    about = (admin.a_get_user, admin.a_get_user_groups, admin.a_get_user_organizations)
    user, groups, organized = await asyncio.gather(*(_if_there(partial(ask, subject)) for ask in about))
    if user is None or groups is None:
        return None
    aliases = [one["alias"] for one in organized or []]
    return _person(settings, user, [shown(settings, group) for group in groups], aliases)


async def _if_there(question: Callable[[], Awaitable[Any]]) -> Any:  # noqa: ANN401 - what Keycloak says
    # Asked only once it is its turn: when another question fails meanwhile, this one is not left half asked.
    return await ask_if_there(question())


def shown(settings: DirectorySettings, group: Item) -> str:
    """Return a group as the claim names it at sign-in."""
    return str(group["path"] if settings.full_paths else group["name"])


async def _steadily(read: Callable[[], Awaitable[list[Item]]]) -> list[Item]:
    for _ in range(ATTEMPTS - 1):
        try:
            return await read()
        except DirectoryError as error:
            if error.reason != "directory_changed":
                raise
    return await read()


async def _people(admin: KeycloakAdmin, settings: DirectorySettings) -> list[Item]:
    """Return everybody, as holders of the role that all are given: a tenth of what the list of users costs.

    Somebody who lost that role is not among them; the number tells, and then the list of users is read.
    """
    total = await ask(admin.a_users_count())
    if (role := await _default_role(admin, settings)) is not None:
        holders = await read_counted(list_of(admin, "roles", role, "users"), total, LONG_PAGE)
        people = [one for one in holders if not str(one["username"]).startswith(SERVICE_ACCOUNT)]
        if len(people) == total:
            return people
    people = await read_counted(list_of(admin, "users"), total, HEAVY_PAGE)
    if len(people) != total:
        raise DirectoryError("directory_changed")
    return people


async def _default_role(admin: KeycloakAdmin, settings: DirectorySettings) -> str | None:
    """Return the role everybody is given; None when our client may not see the realm."""
    found = (await ask(admin.a_get_realm(settings.realm))).get("defaultRole")
    return str(found["name"]) if found else None


async def _groups(admin: KeycloakAdmin) -> list[Item]:
    roots = await read_all(list_of(admin, "groups"))
    found, level = list(roots), roots
    while level := [group for group in level if group.get("subGroupCount")]:
        pages = await in_parallel([partial(_children, admin, group) for group in level])
        level = [child for children in pages for child in children]
        found += level
    total = int((await ask(admin.a_groups_count()))["count"])
    if len({group["id"] for group in found}) != total:
        raise DirectoryError("directory_changed")
    return found


async def _children(admin: KeycloakAdmin, group: Item) -> list[Item]:
    return await read_all(list_of(admin, "groups", group["id"], "children"))


async def _members(
    admin: KeycloakAdmin, settings: DirectorySettings, groups: list[Item]
) -> defaultdict[str, set[str]]:
    async def members(group: Item) -> list[Item]:
        return await read_all(list_of(admin, "groups", group["id"], "members"), size=LONG_PAGE)

    pages = await in_parallel([partial(members, group) for group in groups])
    joined: defaultdict[str, set[str]] = defaultdict(set)
    for group, some in zip(groups, pages, strict=True):
        for one in some:
            joined[one["id"]].add(shown(settings, group))
    return joined


async def _organized(
    admin: KeycloakAdmin, settings: DirectorySettings, rules: Rules, people: list[Item]
) -> defaultdict[str, set[str]]:
    """Return the organisations of everybody, by subject; nothing is asked when no rule names their claim.

    Listing organisations takes a role that may change the realm, so without it each person is asked about.
    """
    joined: defaultdict[str, set[str]] = defaultdict(set)
    claim = settings.organizations_claim
    if not any(rule.claim == claim and rule.issuer == settings.known_as for rule in rules):
        return joined

    async def aliases(subject: str) -> list[Item]:
        return await ask_if_there(admin.a_get_user_organizations(subject)) or []

    pages = await in_parallel([partial(aliases, one["id"]) for one in people])
    for one, some in zip(people, pages, strict=True):
        joined[one["id"]] = {str(found["alias"]) for found in some}
    return joined


def _person(
    settings: DirectorySettings, user: Item, groups: Iterable[str], organizations: Iterable[str]
) -> DirectoryPerson:
    handle = str(user.get("username", ""))
    given = (user.get("firstName"), user.get("lastName"))
    return DirectoryPerson(
        subject=str(user["id"]),
        handle=handle,
        name=(" ".join(part for part in given if part) or handle)[:200],
        email=user.get("email"),
        enabled=bool(user.get("enabled")),
        claims={
            settings.groups_claim: tuple(sorted(groups)),
            settings.organizations_claim: tuple(sorted(organizations)),
        },
    )
