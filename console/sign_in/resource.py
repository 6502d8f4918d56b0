"""Where a program learns which identity providers are trusted here (RFC 9728): `guildhall login` reads it."""

from typing import Any

from litestar import Response, get
from litestar.di import NamedDependency

from console.declared import public
from console.services import Services

PATH = "/.well-known/oauth-protected-resource"
CLIENTS = "guildhall_clients"
"""A member of our own (section 2 allows them): the public client of the command line at each provider."""


@get(PATH, opt=public("it names the identity providers, as the sign-in page does"))
async def resource_metadata(services: NamedDependency[Services]) -> Response[dict[str, Any]]:
    """Name this resource, its identity providers, and our command line's client at each."""
    issuers = services.sign_in.issuers
    return Response(
        {
            "resource": services.settings.base_url,
            "resource_name": "Guildhall",
            "authorization_servers": list(issuers),
            "bearer_methods_supported": ["header"],
            CLIENTS: {url: found.device_client_id for url, found in issuers.items()},
        }
    )
