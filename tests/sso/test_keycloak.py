import socket

import pytest

from sso.errors import ProviderError
from sso.keycloak.ping import ping
from tests.real.keycloak_server import KeycloakServer


async def test_a_server_that_is_gone_is_said() -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    listener.close()

    with pytest.raises(ProviderError, match="does not answer"):
        await ping(f"http://127.0.0.1:{port}", "guildhall")


@pytest.mark.real
async def test_a_running_keycloak_answers(keycloak: KeycloakServer) -> None:
    await ping(keycloak.url, keycloak.realm)
    with pytest.raises(ProviderError):
        await ping(keycloak.url, "nowhere")
