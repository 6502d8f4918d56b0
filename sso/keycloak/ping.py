"""Whether a Keycloak answers at all."""

from keycloak import KeycloakOpenID
from keycloak.exceptions import KeycloakError

from sso.errors import ProviderError

TIMEOUT = 5


async def ping(server_url: str, realm: str) -> None:
    """Ask Keycloak at `server_url` for the metadata of `realm`.

    Raises:
        ProviderError: provider_unavailable: no answer within 5 s, or no such realm.
    """
    client = KeycloakOpenID(server_url=server_url, realm_name=realm, client_id="guildhall", timeout=TIMEOUT)
    try:
        await client.a_well_known()
    except (KeycloakError, TypeError):
        raise ProviderError("provider_unavailable") from None
    finally:
        await client.connection.async_s.aclose()
