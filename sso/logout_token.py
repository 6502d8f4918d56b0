"""Believe a logout token, or refuse it (OpenID Connect Back-Channel Logout 1.0 sections 2.4 and 2.6)."""

from dataclasses import dataclass
from typing import Any, Final

from joserfc import jwt
from joserfc.errors import JoseError

from sso.claims import audiences, text_claim
from sso.errors import LogoutRefusedError
from sso.metadata import ProviderMetadata
from sso.settings import IssuerSettings
from sso.signed import SignatureRefusedError, open_signed

EVENT: Final = "http://schemas.openid.net/event/backchannel-logout"
TYPES: Final = frozenset({"logout+jwt", "application/logout+jwt", "jwt"})
LONGEST_LIFE: Final = 600
"""Seconds between a logout token's issue and its end that are believed; Keycloak gives 120."""


@dataclass(frozen=True, slots=True)
class LogoutClaims:
    """Who is signed out at the provider: one session, or everything of a subject. `expires` in seconds."""

    issuer: str
    token_id: str
    expires: int
    subject: str | None
    sid: str | None


async def believe_logout_token(token: str, *, metadata: ProviderMetadata, now: int) -> LogoutClaims:
    """Return the claims of `token` after every check but that it is new; `now` in seconds.

    Raises:
        LogoutRefusedError: what was wrong.
        ProviderError: the provider's keys cannot be had.
    """
    try:
        signed = await open_signed(token, metadata)
    except SignatureRefusedError as error:
        raise LogoutRefusedError(error.reason) from None
    if str(signed.header.get("typ", "jwt")).lower() not in TYPES:
        raise LogoutRefusedError("not_a_logout_token")
    _check_registered(signed.claims, metadata.settings, now)
    _check_event(signed.claims)
    return _read(signed.claims)


def _check_registered(claims: dict[str, Any], settings: IssuerSettings, now: int) -> None:
    registry = jwt.JWTClaimsRegistry(
        now=now,
        leeway=settings.leeway,
        iss={"essential": True, "value": settings.url},
        aud={"essential": True, "value": settings.client_id},
        exp={"essential": True},
        iat={"essential": True},
        jti={"essential": True},
    )
    try:
        registry.validate(claims)
    except JoseError as error:
        raise LogoutRefusedError(f"{error.error}:{getattr(error, 'claim', '')}".rstrip(":")) from None
    if set(audiences(claims)) != {settings.client_id}:
        raise LogoutRefusedError("untrusted_audience")
    if claims["exp"] - claims["iat"] > LONGEST_LIFE:
        raise LogoutRefusedError("too_long_a_life")


def _check_event(claims: dict[str, Any]) -> None:
    events = claims.get("events")
    if not isinstance(events, dict) or not isinstance(events.get(EVENT), dict):
        raise LogoutRefusedError("event_missing")
    if "nonce" in claims:
        raise LogoutRefusedError("nonce_present")


def _read(claims: dict[str, Any]) -> LogoutClaims:
    token_id, subject, sid = (text_claim(claims, name) for name in ("jti", "sub", "sid"))
    wrong = [name for name in ("sub", "sid") if name in claims and text_claim(claims, name) is None]
    if token_id is None or wrong:
        raise LogoutRefusedError(f"invalid_claim:{'jti' if token_id is None else wrong[0]}")
    if subject is None and sid is None:
        raise LogoutRefusedError("nobody_named")
    return LogoutClaims(claims["iss"], token_id, int(claims["exp"]), subject, sid)
