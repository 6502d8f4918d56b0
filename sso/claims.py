"""What an ID token and an access token say, once they are believed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sso.kept import KeptTokens
from sso.principal import Authentication

SCOPE_PREFIX = "guildhall:"
"""Scopes of ours limit a token; other scopes (openid, profile, …) say nothing about rights here."""


@dataclass(frozen=True, slots=True)
class IdTokenClaims:
    """A sign-in as the provider tells it (OpenID Connect Core 1.0 section 2). Times in seconds.

    `given` holds every claim as received, for the mapping rules; `kept` what the provider gave beside them.
    """

    issuer: str
    subject: str
    expires: int
    issued: int
    auth_time: int | None = None
    acr: str | None = None
    sid: str | None = None
    handle: str | None = None
    name: str | None = None
    email: str | None = None
    given: Mapping[str, Any] = field(default_factory=dict, repr=False)
    kept: KeptTokens | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class TokenClaims:
    """The claims that are read of a bearer (contract, "Claims"). Times in seconds.

    `bound_to` is the thumbprint of the key that its sender has to prove to hold (`cnf.jkt`, RFC 9449).
    """

    iss: str
    sub: str
    aud: tuple[str, ...]
    exp: int
    iat: int
    jti: str
    sid: str | None = None
    scope: str | None = None
    acr: str | None = None
    auth_time: int | None = None
    bound_to: str | None = None

    def authentication(self) -> Authentication:
        """Return the proof this token gives."""
        return Authentication(
            method="bearer",
            issuer=self.iss,
            subject=self.sub,
            token_id=self.jti,
            acr=self.acr,
            auth_time=self.auth_time,
            scopes=_own_scopes(self.scope),
            expires=self.exp,
        )


def _own_scopes(scope: str | None) -> frozenset[str] | None:
    own = {item for item in (scope or "").split() if item.startswith(SCOPE_PREFIX)}
    return frozenset(item.removeprefix(SCOPE_PREFIX) for item in own) or None


def text_claim(claims: Mapping[str, Any], name: str, longest: int = 255) -> str | None:
    """Return a claim when it is a text of acceptable length, else None."""
    value = claims.get(name)
    return value if isinstance(value, str) and 0 < len(value) <= longest else None


def time_claim(claims: Mapping[str, Any], name: str) -> int | None:
    """Return a NumericDate claim in whole seconds when it is one, else None."""
    value = claims.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def audiences(claims: Mapping[str, Any]) -> tuple[str, ...]:
    """Return `aud` as a tuple, whichever of its two forms was sent (RFC 7519 section 4.1.3)."""
    value = claims.get("aud")
    if isinstance(value, str):
        return (value,)
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()
