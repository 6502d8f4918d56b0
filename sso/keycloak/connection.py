"""A connection to Keycloak's admin interface: five seconds for an answer, and one kind of error."""

from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from typing import Any, Final, TypeVar

from keycloak import KeycloakAdmin, KeycloakOpenIDConnection
from keycloak.exceptions import KeycloakError

from sso.directory_settings import DirectorySettings
from sso.errors import DirectoryError

TIMEOUT: Final = 5
PATIENCE: Final = 60
"""Seconds for what takes Keycloak more than five, and for which somebody waits: a new realm, a long list."""
REASONS: Final = {401: "directory_credential", 403: "directory_role_missing", 404: "directory_not_found"}
MASTER: Final = "master"
RealmAdmin = KeycloakAdmin
"""Keycloak's admin interface of one realm, as others know it."""

Answer = TypeVar("Answer")


@asynccontextmanager
async def open_directory(
    settings: DirectorySettings, patience: int = TIMEOUT
) -> AsyncIterator[KeycloakAdmin]:
    """Yield the admin interface of the realm, as our service account there; it answers in `patience` seconds.

    Raises:
        DirectoryError: Keycloak does not answer, or refuses the credential.
    """
    connection = KeycloakOpenIDConnection(
        server_url=f"{settings.server_url}/",
        realm_name=settings.realm,
        client_id=settings.client_id,
        client_secret_key=settings.client_secret.get_secret_value(),
        timeout=patience,
    )
    async with _opened(connection) as admin:
        yield admin


@asynccontextmanager
async def open_as_admin(
    server_url: str, realm: str, user: str, password: str
) -> AsyncIterator[KeycloakAdmin]:
    """Yield the admin interface of `realm` as an administrator of the whole Keycloak, for setting it up.

    Raises:
        DirectoryError: Keycloak does not answer, or refuses name or password.
    """
    connection = KeycloakOpenIDConnection(
        server_url=f"{server_url.rstrip('/')}/",
        username=user,
        password=password,
        realm_name=realm,
        user_realm_name=MASTER,
        client_id="admin-cli",
        timeout=PATIENCE,
    )
    async with _opened(connection) as admin:
        yield admin


@asynccontextmanager
async def _opened(connection: KeycloakOpenIDConnection) -> AsyncIterator[KeycloakAdmin]:
    try:
        # Before anything is asked side by side: otherwise each would fetch a token of its own.
        await ask(connection.a_get_token())
        yield KeycloakAdmin(connection=connection)
    finally:
        await connection.aclose()
        if (own := connection._keycloak_openid) is not None:  # noqa: SLF001 - it is closed nowhere else
            await own.connection.aclose()


async def ask(question: Awaitable[Answer]) -> Answer:
    """Return what Keycloak answers.

    Raises:
        DirectoryError: it does not answer in time, or refuses.
    """
    try:
        return await question
    except KeycloakError as error:
        raise _error(error) from None
    except TypeError:  # an answer of another shape than expected, as from a proxy in between
        raise DirectoryError("directory_unavailable") from None


async def ask_if_there(question: Awaitable[Answer]) -> Answer | None:
    """Return what Keycloak answers; None when it has no such thing."""
    try:
        return await ask(question)
    except DirectoryError as error:
        if error.reason == "directory_not_found":
            return None
        raise


def _error(error: KeycloakError) -> DirectoryError:
    code: Any = error.response_code
    reason = REASONS.get(code, "directory_unavailable")
    body = error.response_body or b""
    if code == 400 and b"client" in body:  # noqa: PLR2004 - how an unknown or wrong client is told (RFC 6749)
        reason = "directory_credential"
    return DirectoryError(reason)
