"""What Keycloak's events say of somebody's proof of who they are."""

import pytest

from sso.keycloak.events import AdminEvent, Seen, SignInEvent, reset_credentials


def by_admin(path: str, operation: str = "ACTION", error: str | None = None) -> Seen:
    return Seen(admin=(AdminEvent("1", 7, operation, "USER", path, error=error),))


def by_person(kind: str, time: int = 7, error: str | None = None) -> Seen:
    return Seen(sign_ins=(SignInEvent("1", time, kind, subject="ada", error=error),))


@pytest.mark.parametrize(
    "seen",
    [
        by_admin("users/ada/reset-password"),
        by_admin("users/ada/disable-credential-types"),
        by_admin("users/ada/credentials/one"),
        by_admin("users/ada/credentials/one", "DELETE"),
        by_person("UPDATE_PASSWORD"),
        by_person("UPDATE_CREDENTIAL"),
        by_person("REMOVE_CREDENTIAL"),
    ],
)
def test_case_34_a_password_or_second_factor_that_changed_is_told(seen: Seen) -> None:
    assert reset_credentials(seen) == {"ada": 7}


@pytest.mark.parametrize(
    "seen",
    [
        by_admin("users/ada", "UPDATE"),
        by_admin("users/ada/credentials/one/userLabel", "UPDATE"),
        by_admin("users/ada/credentials/one/moveToFirst"),
        by_admin("users/ada/reset-password", error="refused"),
        by_admin("groups/ada/reset-password"),
        by_person("LOGIN"),
        by_person("UPDATE_PASSWORD", error="invalid"),
        Seen(),
    ],
)
def test_anything_else_is_no_reset(seen: Seen) -> None:
    assert reset_credentials(seen) == {}


def test_of_several_the_last_counts() -> None:
    one, other = by_person("UPDATE_PASSWORD", 9).sign_ins, by_person("UPDATE_TOTP", 8).sign_ins
    assert reset_credentials(Seen(sign_ins=(*one, *other))) == {"ada": 9}
