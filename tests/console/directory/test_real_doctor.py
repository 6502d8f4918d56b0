"""The doctor on a real Keycloak, with one setting wrong at a time: one sentence, and its mend."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import pytest
from pydantic import SecretStr

from console.clock import system_clock
from sso.keycloak.checks import check_as_admin, check_directory
from sso.keycloak.setup.steps import find_client
from sso.metadata import ProviderMetadata
from sso.provider_checks import Checked, check_provider
from sso.settings import IssuerSettings
from tests.console.directory.realm import Realm
from tests.patience import PATIENCE

pytestmark = pytest.mark.real

REDIRECT = "http://127.0.0.1:8400/sign-in/callback"
HOUR = 3_600_000_000


async def checked(issuer: IssuerSettings, redirect: str = REDIRECT) -> dict[str, Checked]:
    async with httpx2.AsyncClient(timeout=PATIENCE) as http:
        metadata = ProviderMetadata(issuer, http, system_clock)
        found = await check_provider(http, issuer, metadata, redirect, system_clock)
    return {one.name: one for one in found}


def wrong(found: dict[str, Checked]) -> set[str]:
    return {name for name, one in found.items() if one.mend}


async def test_nothing_is_wrong_where_setup_made_everything(realm: Realm) -> None:
    assert wrong(await checked(realm.issuer_settings)) == set()
    assert [one for one in await check_directory(realm.settings, system_clock()) if one.mend] == []
    login = realm.login
    as_admin = await check_as_admin(realm.settings, realm.place, login.user, login.password)
    assert [one for one in as_admin if one.mend] == []


async def test_a_wrong_redirect_address_is_named_with_the_one_to_add(realm: Realm) -> None:
    found = await checked(realm.issuer_settings, "http://127.0.0.1:8400/elsewhere")
    assert wrong(found) == {"redirect"}
    assert "http://127.0.0.1:8400/elsewhere" in found["redirect"].mend


async def test_a_wrong_secret_is_named(realm: Realm) -> None:
    other = realm.issuer_settings.model_copy(update={"client_secret": SecretStr("another")})
    assert wrong(await checked(other)) == {"secret"}


async def test_clocks_an_hour_apart_are_named(realm: Realm) -> None:
    (found,) = [one for one in await check_directory(realm.settings, system_clock() + HOUR) if one.mend]
    assert found.name == "clock"
    assert "s apart" in found.sentence


async def test_a_client_that_is_not_there_is_named(realm: Realm) -> None:
    other = realm.issuer_settings.model_copy(update={"client_id": "nobody"})
    assert wrong(await checked(other)) == {"redirect", "secret"}


async def test_a_wrong_secret_of_the_reading_client_is_named(realm: Realm) -> None:
    other = realm.settings.model_copy(update={"client_secret": SecretStr("another")})
    (found,) = await check_directory(other, system_clock())
    assert "directory.client_secret" in found.mend


async def test_a_realm_that_is_not_there_is_named(realm: Realm) -> None:
    other = realm.settings.model_copy(update={"realm": "nowhere"})
    (found,) = await check_directory(other, system_clock())
    assert "directory.realm" in found.mend


async def test_a_server_that_does_not_answer_is_named(realm: Realm) -> None:
    other = realm.settings.model_copy(update={"server_url": "http://127.0.0.1:9"})
    (found,) = await check_directory(other, system_clock())
    assert "directory.server_url" in found.mend


async def test_an_administrator_who_is_refused_or_finds_no_server_is_named(realm: Realm) -> None:
    away = realm.settings.model_copy(update={"server_url": "http://127.0.0.1:9"})
    (found,) = await check_as_admin(away, realm.place, realm.login.user, realm.login.password)
    assert "directory.server_url" in found.mend
    (found,) = await check_as_admin(realm.settings, realm.place, realm.login.user, "another")
    assert "administrator" in found.mend


async def test_a_role_that_is_missing_is_named(realm: Realm) -> None:
    async with realm.admin() as admin:
        client = await find_client(admin, "guildhall-directory")
        management = await find_client(admin, "realm-management")
        assert client is not None
        assert management is not None
        account = await admin.a_get_client_service_account_user(client["id"])
        roles = [
            await admin.a_get_client_role(management["id"], name) for name in ("view-events", "view-realm")
        ]
        await admin.a_delete_client_roles_of_user(account["id"], management["id"], roles)
        found = await check_directory(realm.settings, system_clock())
        await admin.a_assign_client_role(account["id"], management["id"], roles)
    assert any("view-events and view-realm" in one.sentence and one.mend for one in found)


@asynccontextmanager
async def realm_with(realm: Realm, changed: dict[str, Any]) -> AsyncIterator[None]:
    async with realm.admin() as admin:
        before = await admin.a_get_realm(realm.name)
        await admin.a_update_realm(realm.name, changed)
        yield
        await admin.a_update_realm(realm.name, {name: before[name] for name in changed})


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"adminEventsEnabled": False}, "what admins change"),
        ({"eventsEnabled": False}, "sign-ins"),
        ({"enabledEventTypes": ["LOGIN"]}, "LOGOUT"),
    ],
)
async def test_events_that_are_off_are_named(realm: Realm, changed: dict[str, Any], said: str) -> None:
    async with realm_with(realm, changed):
        found = await check_directory(realm.settings, system_clock())
    assert any(said in one.sentence and one.mend for one in found)


async def test_a_mapper_that_is_missing_is_named_to_an_administrator(realm: Realm) -> None:
    login = realm.login
    async with realm.admin() as admin:
        client = await find_client(admin, "guildhall")
        assert client is not None
        mapper = next(one for one in client["protocolMappers"] if one["name"] == "guildhall audience")
        await admin.a_remove_client_mapper(client["id"], mapper["id"])
        found = await check_as_admin(realm.settings, realm.place, login.user, login.password)
        del mapper["id"]
        await admin.a_add_mapper_to_client(client["id"], mapper)
    assert [one.sentence for one in found] == ["The client guildhall lacks the mapper “guildhall audience”."]
    assert found[0].mend
