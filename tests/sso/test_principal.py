from dataclasses import replace

import pytest

from sso.principal import Authentication, system_principal

SESSION = Authentication(
    "session", "https://id.example", "1", session_id_hash="a", acr="gold", auth_time=1000, expires=9000
)
BEARER = Authentication("bearer", "https://id.example", "1", token_id="t", acr="gold", auth_time=1000)


@pytest.mark.parametrize(
    ("now", "fresh"), [(1000, True), (1300, True), (1301, False), (970, True), (969, False)]
)
def test_a_sign_in_is_fresh_for_300_seconds(now: int, fresh: bool) -> None:
    assert SESSION.is_stepped_up(now, ["gold"]) is fresh


@pytest.mark.parametrize(
    "change", [{"acr": None}, {"acr": "silver"}, {"auth_time": None}, {"method": "system"}]
)
def test_a_weak_sign_in_is_never_stepped_up(change: dict[str, object]) -> None:
    assert not replace(SESSION, **change).is_stepped_up(1000, ["gold"])  # type: ignore[arg-type]


def test_no_acr_is_allowed_when_none_is_listed() -> None:
    assert not SESSION.is_stepped_up(1000, [])


def test_a_second_session_from_the_same_sign_in_is_no_new_proof() -> None:
    assert SESSION.sign_in_key() == replace(SESSION, session_id_hash="b").sign_in_key()
    assert SESSION.sign_in_key() != replace(SESSION, auth_time=1001).sign_in_key()
    assert SESSION.sign_in_key().startswith("session:")


def test_a_token_is_named_with_its_issuer() -> None:
    assert BEARER.sign_in_key() != replace(BEARER, issuer="https://other.example").sign_in_key()
    assert BEARER.sign_in_key() != replace(BEARER, token_id="u").sign_in_key()


@pytest.mark.parametrize("proof", [replace(BEARER, token_id=None), replace(SESSION, auth_time=None)])
def test_a_proof_without_a_sign_in_signs_nothing(proof: Authentication) -> None:
    with pytest.raises(ValueError, match="no sign-in"):
        proof.sign_in_key()


def test_the_system_is_the_same_everywhere() -> None:
    assert system_principal("worker").id == system_principal("worker").id
    assert system_principal("worker").id != system_principal("demo").id
    with pytest.raises(ValueError, match="no sign-in"):
        system_principal("demo").authentication.sign_in_key()
