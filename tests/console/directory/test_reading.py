"""A realm is read by page, each page once, and nobody is asked about alone."""

import pytest

from sso.errors import DirectoryError
from sso.keycloak import reading
from sso.keycloak.paging import PAGE
from sso.keycloak.reading import read_everybody, read_some
from sso.models import MappingRule, RuleRole
from tests.console.directory.told_realm import HERE, ToldRealm
from tests.real.big_realm import group_path

SETTINGS = ToldRealm.settings(HERE)
TEAMS = 60


def rules(teams: int) -> list[MappingRule]:
    return [
        MappingRule(
            issuer=SETTINGS.known_as,
            claim="groups",
            value=group_path(place),
            role=RuleRole.AUDITOR,
            created=0,
        )
        for place in range(teams)
    ]


@pytest.mark.parametrize("people", [PAGE - 1, PAGE, 3 * PAGE])
async def test_everybody_is_there_and_each_page_is_asked_for_once(
    monkeypatch: pytest.MonkeyPatch, people: int
) -> None:
    monkeypatch.setattr(reading, "LONG_PAGE", PAGE)
    realm = ToldRealm.sized(people, TEAMS, 2 * people)
    async with realm.opened() as admin:
        found = await read_everybody(admin, SETTINGS, rules(TEAMS))
    assert (len(found.people), found.memberships) == (people, 2 * people)
    areas = len([group for group in realm.groups.values() if group["subGroupCount"]])
    assert realm.asked == {
        "": 1,
        "users/count": 1,
        "roles/default-roles/users": people // PAGE + 1,
        "groups": 1,
        "groups/ID/children": areas,
        "groups/count": 1,
        "groups/ID/members": TEAMS,
    }


async def test_a_group_that_everybody_is_in_is_read_in_few_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "LONG_PAGE", PAGE)
    realm = ToldRealm.sized(2 * PAGE + 1, 1, 2 * PAGE + 1)
    async with realm.opened() as admin:
        found = await read_everybody(admin, SETTINGS, rules(1))
    assert found.memberships == 2 * PAGE + 1
    assert realm.asked["groups/ID/members"] == 3


async def test_of_groups_that_no_rule_names_the_members_are_not_asked_for() -> None:
    realm = ToldRealm.sized(100, TEAMS, 200)
    async with realm.opened() as admin:
        found = await read_everybody(admin, SETTINGS, rules(3))
    assert realm.asked["groups/ID/members"] == 3
    assert found.groups == len(realm.groups)


@pytest.mark.parametrize("question", ["roles/default-roles/users", "groups/ID/members", "groups/ID/children"])
async def test_a_realm_that_stops_answering_is_one_error(question: str) -> None:
    realm = ToldRealm.sized(100, TEAMS, 200)
    realm.failing = question
    async with realm.opened() as admin:
        with pytest.raises(DirectoryError) as refused:
            await read_everybody(admin, SETTINGS, rules(TEAMS))
    assert refused.value.reason == "directory_unavailable"


async def test_a_realm_that_stops_answering_about_some_is_one_error() -> None:
    realm = ToldRealm.sized(10, TEAMS, 10)
    realm.failing = "users/ID/groups"
    async with realm.opened() as admin:
        with pytest.raises(DirectoryError):
            await read_some(admin, SETTINGS, realm.users)
