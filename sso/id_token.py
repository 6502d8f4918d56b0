"""Believe an ID token, or refuse it (OpenID Connect Core 1.0 sections 3.1.3.6 and 3.1.3.7)."""

import base64
import hashlib
import hmac
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError

from sso.claims import IdTokenClaims, audiences, text_claim, time_claim
from sso.clock import CLOCK_SKEW
from sso.errors import SignInError
from sso.metadata import ProviderMetadata
from sso.settings import AUDIENCE, IssuerSettings
from sso.signed import SignatureRefusedError, open_signed


async def believe_id_token(
    token: str,
    *,
    metadata: ProviderMetadata,
    nonce: str,
    access_token: str | None,
    now: int,
    refreshed: bool = False,
) -> IdTokenClaims:
    """Return the claims of `token` after every check; `now` in seconds.

    A `refreshed` one may leave the nonce out, but not bring another (section 12.2).

    Raises:
        SignInError: `id_token_refused:` and what was wrong.
        ProviderError: the provider's keys cannot be had.
    """
    try:
        signed = await open_signed(token, metadata)
    except SignatureRefusedError as error:
        raise _refused(error.reason) from None
    expected = None if refreshed and "nonce" not in signed.claims else nonce
    _check_registered(signed.claims, metadata.settings, expected, now)
    _check_audience(signed.claims, metadata.settings.client_id)
    _check_access_token_hash(signed.claims, access_token)
    return _read(signed.claims)


def check_step_up(claims: IdTokenClaims, allowed_acr: tuple[str, ...], started: int) -> None:
    """Insist that a strong sign-in happened after `started` (seconds); the browser could strip the request.

    Raises:
        SignInError: step_up_not_met.
    """
    fresh = claims.auth_time is not None and claims.auth_time >= started - CLOCK_SKEW
    if claims.acr not in allowed_acr or not fresh:
        raise SignInError("step_up_not_met")


def _check_registered(claims: dict[str, Any], settings: IssuerSettings, nonce: str | None, now: int) -> None:
    wanted: dict[str, Any] = {} if nonce is None else {"nonce": {"essential": True, "value": nonce}}
    registry = jwt.JWTClaimsRegistry(
        now=now,
        leeway=settings.leeway,
        iss={"essential": True, "value": settings.url},
        aud={"essential": True, "value": settings.client_id},
        sub={"essential": True},
        exp={"essential": True},
        iat={"essential": True},
        **wanted,
    )
    try:
        registry.validate(claims)
    except JoseError as error:
        raise _refused(f"{error.error}:{getattr(error, 'claim', '')}".rstrip(":")) from None
    if nonce is not None and not isinstance(claims["nonce"], str):
        raise _refused("invalid_claim:nonce")


def _check_audience(claims: dict[str, Any], client_id: str) -> None:
    named = set(audiences(claims))
    if not named <= {client_id, AUDIENCE}:
        raise _refused("untrusted_audience")
    authorized = claims.get("azp")
    if authorized != client_id and (authorized is not None or len(named) > 1):
        raise _refused("authorized_party")


def _check_access_token_hash(claims: dict[str, Any], access_token: str | None) -> None:
    given = claims.get("at_hash")
    if given is None:
        return
    # Every algorithm that can be pinned here signs with SHA-256, so at_hash is half of SHA-256.
    digest = hashlib.sha256((access_token or "").encode()).digest()[:16]
    expected = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    if not isinstance(given, str) or not hmac.compare_digest(given.encode(), expected.encode()):
        raise _refused("access_token_hash")


def _read(claims: dict[str, Any]) -> IdTokenClaims:
    subject = text_claim(claims, "sub")
    if subject is None:
        raise _refused("invalid_claim:sub")
    return IdTokenClaims(
        issuer=claims["iss"],
        subject=subject,
        expires=int(claims["exp"]),
        issued=int(claims["iat"]),
        auth_time=time_claim(claims, "auth_time"),
        acr=text_claim(claims, "acr"),
        sid=text_claim(claims, "sid"),
        handle=text_claim(claims, "preferred_username"),
        name=text_claim(claims, "name", 200),
        email=text_claim(claims, "email", 320),
        given=claims,
    )


def _refused(detail: str) -> SignInError:
    return SignInError(f"id_token_refused:{detail}", SignInError.sentences["id_token_refused"])
