"""Requests of ours to a provider's endpoints, as the client we are there (RFC 6749 section 2.3.1)."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

import httpx2
from pydantic import SecretStr

from sso.errors import SignInError
from sso.metadata import ProviderDocument
from sso.settings import IssuerSettings

FIRST_FAULT = 500
TOO_MANY = 429


async def ask_token_endpoint(
    settings: IssuerSettings, document: ProviderDocument, http: httpx2.AsyncClient, form: Mapping[str, str]
) -> dict[str, Any]:
    """Return the token endpoint's answer to `form`.

    Raises:
        SignInError: `refresh_refused` when it says no; `provider_unavailable` when it says nothing of use.
    """
    answer = await post_as_client(settings, document.token_endpoint, http, form)
    said = said_in(answer)
    if answer.is_success and said:
        return said
    if said.get("error") == "invalid_grant":
        raise SignInError("refresh_refused")
    raise SignInError("provider_unavailable")


async def push_request(settings: IssuerSettings, endpoint: str, http: httpx2.AsyncClient, url: str) -> str:
    """Hand an authorization request over, and return the name it has from now on (RFC 9126 section 2.2).

    Raises:
        SignInError: provider_unavailable, or provider_refused.
    """
    answer = await post_as_client(settings, endpoint, http, dict(parse_qsl(urlsplit(url).query)))
    name = said_in(answer).get("request_uri")
    if not answer.is_success or not isinstance(name, str):
        raise SignInError("provider_refused")
    return name


async def post_as_client(
    settings: IssuerSettings, endpoint: str, http: httpx2.AsyncClient, form: Mapping[str, str]
) -> httpx2.Response:
    """Return a provider's answer to `form`, sent as the client we are there.

    Raises:
        SignInError: provider_unavailable.
    """
    secret = settings.client_secret
    named = {} if secret else {"client_id": settings.client_id}
    auth = httpx2.USE_CLIENT_DEFAULT if secret is None else _basic(settings.client_id, secret)
    try:
        answer = await http.post(endpoint, data={**form, **named}, auth=auth, follow_redirects=False)
    except httpx2.HTTPError:
        raise SignInError("provider_unavailable") from None
    if answer.status_code >= FIRST_FAULT or answer.status_code == TOO_MANY:
        raise SignInError("provider_unavailable")
    return answer


def _basic(client_id: str, secret: SecretStr) -> httpx2.BasicAuth:
    return httpx2.BasicAuth(quote(client_id, safe=""), quote(secret.get_secret_value(), safe=""))


def said_in(answer: httpx2.Response) -> dict[str, Any]:
    """Return the JSON object of an answer; an empty one when there is none in it."""
    try:
        said = answer.json()
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}
