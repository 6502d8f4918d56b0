import time
from urllib.parse import urlencode

import pytest

from tests.real.browserless import (
    Browser,
    SignInRefusedError,
    access_token,
    claims,
    exchange,
    sign_in,
)
from tests.real.keycloak_server import KeycloakServer
from tests.real.wire import ask

pytestmark = pytest.mark.real

GROUPS = {
    "admin1": ["guildhall-admins"],
    "admin2": ["guildhall-admins"],
    "auditor1": ["guildhall-auditors"],
    "reviewer1": ["guildhall-reviewers"],
    "owner1": ["risk-owners"],
    "member1": ["retail"],
}


def test_discovery_says_what_the_console_relies_on(keycloak: KeycloakServer) -> None:
    _, found = ask("GET", f"{keycloak.issuer}/.well-known/openid-configuration")
    assert found["issuer"] == keycloak.issuer
    assert found["authorization_response_iss_parameter_supported"] is True
    assert "S256" in found["code_challenge_methods_supported"]
    assert {"1", "gold"} <= set(found["acr_values_supported"])


@pytest.mark.parametrize("person", GROUPS)
def test_everybody_signs_in_with_groups_in_the_id_token_alone(keycloak: KeycloakServer, person: str) -> None:
    callback = sign_in(keycloak, person)
    tokens = exchange(keycloak, callback)
    identity, access = claims(tokens["id_token"]), claims(tokens["access_token"])
    assert (callback["iss"], identity["iss"]) == (keycloak.issuer, keycloak.issuer)
    assert (identity["aud"], identity["nonce"]) == (keycloak.client_id, callback["nonce"])
    assert (identity["groups"], identity["sub"]) == (GROUPS[person], keycloak.subjects[person])
    assert "groups" not in access
    assert access["aud"] == "guildhall"


def test_an_ordinary_sign_in_is_level_1(keycloak: KeycloakServer) -> None:
    assert claims(access_token(keycloak, "member1"))["acr"] == "1"


def test_a_stepped_up_token_has_the_level_and_a_fresh_time(keycloak: KeycloakServer) -> None:
    began = int(time.time())
    access = claims(access_token(keycloak, "owner1", step_up=True))
    assert (access["aud"], access["acr"]) == ("guildhall", "gold")
    assert began - 1 <= access["auth_time"] <= time.time() + 1


def test_stepping_up_in_a_session_asks_the_password_again_and_does_not_last(keycloak: KeycloakServer) -> None:
    browser = Browser()

    def level(acr_values: str | None = None, max_age: int | None = None) -> tuple[str, int, str]:
        callback = sign_in(keycloak, "reviewer1", acr_values=acr_values, max_age=max_age, browser=browser)
        found = claims(exchange(keycloak, callback)["access_token"])
        return found["acr"], found["auth_time"], found["sid"]

    first, raised, after = level(), level("gold", 0), level()
    assert (first[0], raised[0], after[0]) == ("1", "gold", "1")
    assert raised[1] >= first[1]
    assert first[2] == raised[2] == after[2]
    with pytest.raises(SignInRefusedError, match="Invalid"):
        sign_in(_with_wrong_password(keycloak), "reviewer1", acr_values="gold", max_age=0, browser=browser)


def test_a_level_it_does_not_know_still_gives_a_code_at_level_1(keycloak: KeycloakServer) -> None:
    callback = sign_in(keycloak, "member1", acr_values="platinum")
    assert claims(exchange(keycloak, callback)["access_token"])["acr"] == "1"


def test_another_redirect_and_another_verifier_are_refused(keycloak: KeycloakServer) -> None:
    with pytest.raises(SignInRefusedError, match="400"):
        sign_in(keycloak, "member1", redirect_uri="http://127.0.0.2:8400/sign-in/callback")
    with pytest.raises(SignInRefusedError, match="invalid_grant"):
        exchange(keycloak, {**sign_in(keycloak, "member1"), "code_verifier": "x" * 50})


def test_its_administrator_reads_people(keycloak: KeycloakServer) -> None:
    named = {"username": keycloak.admin_name, "password": keycloak.admin_password}
    form = urlencode({"grant_type": "password", "client_id": "admin-cli", **named})
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    token_url = f"{keycloak.url}/realms/master/protocol/openid-connect/token"
    token = ask("POST", token_url, form.encode(), **kind)[1]["access_token"]
    _, users = ask("GET", f"{keycloak.url}/admin/realms/guildhall/users", Authorization=f"Bearer {token}")
    assert {user["username"] for user in users} == set(GROUPS)


def _with_wrong_password(keycloak: KeycloakServer) -> KeycloakServer:
    other = KeycloakServer()
    other._port = keycloak.port
    other.__dict__["realm_document"] = {
        **keycloak.realm_document,
        "users": [
            {**user, "credentials": [{"type": "password", "value": "wrong"}]}
            for user in keycloak.realm_document["users"]
        ],
    }
    return other
