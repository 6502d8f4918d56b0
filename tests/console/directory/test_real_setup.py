"""`guildhall directory setup` on a real Keycloak, in a realm that is missing and in one that is old."""

import json
from pathlib import Path

import pytest

from sso.keycloak.setup.steps import find_client
from tests.console.directory.realm import Realm
from tests.real.browserless import claims, exchange, sign_in
from tests.real.keycloak_server import KeycloakServer

pytestmark = pytest.mark.real

KEPT = "http://127.0.0.1/kept"


async def test_a_second_setup_finds_nothing_to_do(realm: Realm) -> None:
    assert (await realm.set_up(dry_run=True)).lines == []


async def test_what_setup_made_signs_people_in_and_steps_them_up(realm: Realm) -> None:
    await realm.person("walter", "risk")
    plain = exchange(realm, sign_in(realm, "walter"))
    assert claims(plain["id_token"])["groups"] == ["/risk"]
    assert claims(plain["access_token"])["acr"] == "1"
    strong = claims(exchange(realm, sign_in(realm, "walter", acr_values="gold", max_age=0))["access_token"])
    assert strong["acr"] == "gold"
    assert "guildhall" in strong["aud"]
    assert strong["auth_time"]


async def test_setup_mends_what_it_names_in_an_old_realm_and_nothing_else(
    keycloak: KeycloakServer, tmp_path: Path
) -> None:
    realm = Realm(keycloak, "older", tmp_path)
    async with realm.admin("master") as master:
        await master.a_create_realm({"realm": "older", "enabled": True, "loginTheme": "keycloak"})
    async with realm.admin() as admin:
        await admin.a_create_client({"clientId": "another", "redirectUris": [KEPT]})
        before = await find_client(admin, "another")
        await realm.set_up()
        client = str(await admin.a_get_client_id("guildhall"))
        mappers = {one["name"]: one["id"] for one in await admin.a_get_mappers_from_client(client)}
        await admin.a_remove_client_mapper(client, mappers["guildhall groups"])
        await admin.a_update_client(client, {**await admin.a_get_client(client), "redirectUris": [KEPT]})
        said = (await realm.set_up(dry_run=True)).lines
        assert [line.split(":")[0] for line in said] == ["Would mend"] * 2
        assert "redirectUris" in said[0]
        assert "lacks the mapper “guildhall groups”" in said[1]
        await realm.set_up()
        assert (await realm.set_up(dry_run=True)).lines == []
        assert KEPT in (await admin.a_get_client(client))["redirectUris"]
        assert await find_client(admin, "another") == before
        assert (await admin.a_get_realm("older"))["loginTheme"] == "keycloak"
    assert json.loads((tmp_path / "issuers.json").read_text())[0]["url"] == realm.issuer
    assert (tmp_path / "directory.secret").stat().st_mode & 0o077 == 0
