"""Who is calling: session cookies for pages, bearer tokens for the API, CSRF, and response headers.

A session cookie is never accepted by the API and a bearer never by a page: two middlewares on two
routers, no path patterns (a pattern such as `/login` also opens `/models/login`).
"""

from functools import partial
from typing import Any

from litestar.connection import ASGIConnection, Request
from litestar.datastructures import Headers
from litestar.enums import RequestEncodingType
from litestar.handlers import BaseRouteHandler
from litestar.middleware import AbstractAuthenticationMiddleware, AuthenticationResult

from console.bearers import bearer_principal
from console.errors import NotSignedInError, RefusedError
from console.freshness.principals import entry_of
from console.freshness.remembered import Entry
from console.proofs import Presented
from console.services import Services
from console.settings import Settings
from console.sign_in.confirming import confirm_session
from console.web.templates import CSRF_FIELD, CSRF_STATE
from sso import sessions
from sso.confirming import next_confirmation
from sso.directory import principal_of_session
from sso.principal import Principal

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
SAME_SITE = frozenset({"same-origin", "none"})
CSRF_HEADER = "x-csrf-token"
SIGN_IN = "Sign in to go on."


def session_cookie_name(services: Services) -> str:
    """Return the cookie's name; `__Host-` needs https, which the embedded profile has not."""
    return "__Host-guildhall" if services.settings.base_url.startswith("https://") else "guildhall"


class SessionAuthentication(AbstractAuthenticationMiddleware):
    """Finds the principal of a page's session cookie."""

    async def authenticate_request(self, connection: ASGIConnection) -> AuthenticationResult:  # type: ignore[type-arg]
        """Return the principal, or refuse with a redirect to sign-in made by the error handler."""
        services: Services = connection.app.state.services
        cookie = connection.cookies.get(session_cookie_name(services))
        if not cookie:
            raise NotSignedInError(SIGN_IN)
        principal = await session_principal(services, cookie)
        connection.state[CSRF_STATE] = sessions.csrf_token(cookie, services.csrf_key)
        return AuthenticationResult(user=principal, auth=cookie)


class BearerAuthentication(AbstractAuthenticationMiddleware):
    """Finds the principal of an API client's bearer token (RFC 6750)."""

    async def authenticate_request(self, connection: ASGIConnection) -> AuthenticationResult:  # type: ignore[type-arg]
        """Return the principal whom the access token names."""
        services: Services = connection.app.state.services
        query = bytes(connection.scope.get("query_string", b""))
        header, presented = connection.headers.get("authorization"), _presented(connection)
        principal = await bearer_principal(services, header, query, presented)
        return AuthenticationResult(user=principal, auth=None)


def _presented(connection: ASGIConnection) -> Presented:  # type: ignore[type-arg]
    headers, path = connection.headers, bytes(connection.scope["raw_path"]).decode("latin-1")
    method = str(connection.scope.get("method", ""))
    return Presented(method, path, headers.get("host", ""), headers.getall("dpop", []))


async def session_principal(services: Services, cookie: str) -> Principal:
    """Return whose live session `cookie` names.

    Raises:
        NotSignedInError: nobody's, or one that is over.
        ServiceUnavailableError: it has to be confirmed now, and its provider does not answer.
    """
    id_hash = sessions.hash_cookie(cookie)
    return await services.known.get(id_hash, partial(_read_session, services, cookie))


async def _read_session(services: Services, cookie: str) -> Entry[Principal]:
    now = services.clock()
    async with services.database.read() as session:
        row = await sessions.find(session, cookie, now)
        principal = await principal_of_session(session, row) if row is not None else None
    if row is None or principal is None or not await confirm_session(services, row):
        raise NotSignedInError(SIGN_IN)
    if sessions.needs_touch(row, now):
        await _touch(services, row.id_hash, now)
    due = next_confirmation(row, services.settings.sign_in.sessions)
    return entry_of(principal, now=now, ends=min(row.idle_end, row.end, due))


async def _touch(services: Services, id_hash: str, now: int) -> None:
    async with services.database.write() as session:
        await sessions.touch(session, id_hash, now, services.settings.sign_in.sessions)


async def require_csrf(connection: ASGIConnection, _handler: BaseRouteHandler) -> None:  # type: ignore[type-arg]
    """Guard pages: an unsafe request carries the token bound to its own session and comes from this site.

    Raises:
        RefusedError: with reason `csrf`.
    """
    if not isinstance(connection, Request) or connection.method in SAFE_METHODS:
        return
    services: Services = connection.app.state.services
    if not comes_from_here(connection.headers, services.settings) or not sessions.check_csrf(
        await _given_token(connection), connection.auth, services.csrf_key
    ):
        raise RefusedError("This form is out of date; open the page again and send it once more.", ("csrf",))


def comes_from_here(headers: Headers, settings: Settings) -> bool:
    """Say whether a browser says that one of our own pages sent this (Fetch Metadata, RFC 6454).

    Clients that send neither header are no browsers, and are believed as far as their token goes.
    """
    if headers.get("sec-fetch-site", "same-origin") not in SAME_SITE:
        return False
    own = {site_of(settings.base_url)}
    if settings.embedded:  # it answers under several names, each of this machine; see console.asgi.KnownHosts
        own.add(f"http://{headers.get('host', '')}")
    return headers.get("origin") is None or headers["origin"] in own


def site_of(url: str) -> str:
    """Return the origin of an address: scheme, host and port (RFC 6454)."""
    return "/".join(url.split("/", 3)[:3])


async def _given_token(request: Request[Any, Any, Any]) -> str:
    found = request.headers.get(CSRF_HEADER)
    if found is None and request.content_type[0] == RequestEncodingType.URL_ENCODED:
        found = (await request.form()).get(CSRF_FIELD)
    return found if isinstance(found, str) else ""
