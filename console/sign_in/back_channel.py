"""Where an identity provider says that it signed somebody out (OpenID Connect Back-Channel Logout 1.0)."""

from typing import Any

from litestar import Request, Response, post
from litestar.di import NamedDependency

from console.declared import public
from console.questions import Origin, origin_of
from console.services import Services
from console.sign_in.ending import end_by_provider
from sso.clock import seconds
from sso.errors import LogoutRefusedError, ProviderError
from sso.logout_token import LogoutClaims, believe_logout_token
from sso.signed import SignatureRefusedError, unproven_issuer

BACK_CHANNEL = "/sign-in/back-channel-logout"
LONGEST_FORM = 32 * 1024
NO_STORE = {"Cache-Control": "no-store"}


@post(
    BACK_CHANNEL,
    opt=public("the identity provider says here whom it signed out; its signature proves it"),
    status_code=200,
    request_max_body_size=LONGEST_FORM,
)
async def back_channel_logout(
    request: Request[Any, Any, Any], services: NamedDependency[Services]
) -> Response[Any]:
    """Believe a logout token and end what it names, or refuse it (section 2.8)."""
    origin = origin_of(request, "back_channel")
    try:
        claims = await _believed(services, await _token(request))
        await end_by_provider(services, claims, origin)
    except LogoutRefusedError as error:
        return _refused(services, error.reason, origin)
    except ProviderError as error:
        return Response({"error": error.reason}, status_code=503, headers=NO_STORE)
    return Response(None, status_code=200, headers=NO_STORE)


async def _token(request: Request[Any, Any, Any]) -> str:
    if request.content_type[0] != "application/x-www-form-urlencoded":
        raise LogoutRefusedError("not_a_form")
    given = (await request.form()).getall("logout_token", [])
    if len(given) != 1 or not isinstance(given[0], str):
        raise LogoutRefusedError("token_missing")
    return given[0]


async def _believed(services: Services, token: str) -> LogoutClaims:
    try:
        metadata = services.sign_in.metadata.get(unproven_issuer(token))
    except SignatureRefusedError as error:
        raise LogoutRefusedError(error.reason) from None
    if metadata is None:
        raise LogoutRefusedError("unknown_issuer")
    return await believe_logout_token(token, metadata=metadata, now=seconds(services.clock()))


def _refused(services: Services, reason: str, origin: Origin) -> Response[Any]:
    services.denials.count_stranger(origin.address, (f"logout_refused:{reason}",))
    return Response({"error": "invalid_request"}, status_code=400, headers=NO_STORE)
