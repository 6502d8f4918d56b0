"""Authlib's client on the one outbound HTTP client that everything shares."""

import httpx2
from authlib.integrations.base_client import BaseApp, OAuthError  # type: ignore[import-untyped]
from authlib.integrations.base_client.async_app import AsyncOAuth2Mixin  # type: ignore[import-untyped]
from authlib.integrations.httpx_client import AsyncOAuth2Client  # type: ignore[import-untyped]

from sso.metadata import ProviderDocument
from sso.settings import IssuerSettings

__all__ = ["OAuthError", "OIDCApp", "SharedTransport", "oidc_app"]

TIMEOUT = 10.0


class SharedTransport(httpx2.AsyncBaseTransport):
    """Sends through an existing client: Authlib opens a client per call, the connections stay ours."""

    def __init__(self, http: httpx2.AsyncClient) -> None:
        self._http = http

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send `request` as it is, never following a redirect."""
        answer = await self._http.send(request, stream=True, follow_redirects=False)
        return httpx2.Response(answer.status_code, headers=answer.headers, stream=answer.stream)


class OIDCApp(AsyncOAuth2Mixin, BaseApp):  # type: ignore[misc]  # Authlib ships no types
    """Authlib's OpenID Connect client without a web framework."""

    client_cls = AsyncOAuth2Client


def oidc_app(settings: IssuerSettings, document: ProviderDocument, http: httpx2.AsyncClient) -> OIDCApp:
    """Return a client of the provider described by `document`."""
    secret = settings.client_secret
    return OIDCApp(
        framework=None,
        name="guildhall",
        client_id=settings.client_id,
        client_secret=secret.get_secret_value() if secret else None,
        authorize_url=document.authorization_endpoint,
        access_token_url=document.token_endpoint,
        client_kwargs={
            "scope": " ".join(settings.scopes),
            "code_challenge_method": "S256",
            "token_endpoint_auth_method": "client_secret_basic" if secret else "none",
            "transport": SharedTransport(http),
            "trust_env": False,
            "follow_redirects": False,
            "timeout": TIMEOUT,
        },
    )
