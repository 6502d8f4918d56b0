"""Bearer access tokens: believed once by signature and claims, then remembered by their whole hash."""

import hashlib
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError

from sso.claims import TokenClaims, audiences, text_claim, time_claim
from sso.clock import Clock, seconds
from sso.errors import ProviderError, TokenError
from sso.metadata import ProviderMetadata
from sso.settings import AUDIENCE
from sso.signed import SignatureRefusedError, SignedToken, open_signed, unproven_issuer

__all__ = ["BearerVerifier", "TokenClaims", "TokenError"]

CACHE_SIZE = 10_000
ACCESS_TOKEN_TYPES = frozenset({"at+jwt", "application/at+jwt"})
SIGN_IN_CLAIMS = frozenset({"nonce", "at_hash", "c_hash", "events"})
"""Claims of ID tokens and logout tokens; an access token has no use for them."""


@dataclass(frozen=True, slots=True)
class _Verified:
    claims: TokenClaims
    keys_revision: str


class BearerVerifier:
    """Verifies access tokens of the configured issuers (RFC 9068, RFC 8725)."""

    def __init__(
        self,
        issuers: Mapping[str, ProviderMetadata],
        *,
        clock: Clock,
        audience: str = AUDIENCE,
        size: int = CACHE_SIZE,
    ) -> None:
        self._issuers = dict(issuers)
        self._clock = clock
        self._audience = audience
        self._size = size
        self._cache: OrderedDict[bytes, _Verified] = OrderedDict()

    async def verify(self, token: str) -> TokenClaims:
        """Return what `token` says.

        Raises:
            TokenError: why it is not accepted; `issuer_unavailable` when it could not be checked.
        """
        # The whole token is hashed: a cache keyed by a part of it let strangers in (CVE-2026-35030).
        key = hashlib.sha256(token.encode()).digest()
        try:
            return await self._remembered(key) or await self._verify_anew(key, token)
        except SignatureRefusedError as error:
            raise TokenError(error.reason) from None
        except ProviderError:
            raise TokenError("issuer_unavailable") from None

    def forget(self) -> None:
        """Forget every verified token; the next use of each is checked again."""
        self._cache.clear()

    async def _remembered(self, key: bytes) -> TokenClaims | None:
        found = self._cache.get(key)
        if found is None:
            return None
        current = await self._issuers[found.claims.iss].keys_revision()
        if found.claims.exp <= seconds(self._clock()) or found.keys_revision != current:
            self._cache.pop(key, None)
            return None
        return found.claims

    async def _verify_anew(self, key: bytes, token: str) -> TokenClaims:
        metadata = self._issuers.get(unproven_issuer(token))
        if metadata is None:
            raise TokenError("unknown_issuer")
        signed = await open_signed(token, metadata)
        _check_kind(signed)
        claims = self._check_claims(signed.claims, metadata)
        self._remember(key, _Verified(claims, await metadata.keys_revision()))
        return claims

    def _check_claims(self, claims: dict[str, Any], metadata: ProviderMetadata) -> TokenClaims:
        registry = jwt.JWTClaimsRegistry(
            now=seconds(self._clock()),
            leeway=metadata.settings.leeway,
            iss={"essential": True, "value": metadata.settings.url},
            aud={"essential": True, "value": self._audience},
            sub={"essential": True},
            exp={"essential": True},
            iat={"essential": True},
            jti={"essential": True},
        )
        try:
            registry.validate(claims)
        except JoseError as error:
            raise TokenError(f"{error.error}:{getattr(error, 'claim', '')}".rstrip(":")) from None
        return _read(claims)

    def _remember(self, key: bytes, verified: _Verified) -> None:
        self._cache[key] = verified
        while len(self._cache) > self._size:
            self._cache.popitem(last=False)


def _check_kind(signed: SignedToken) -> None:
    """Accept RFC 9068's header type, or Keycloak's claim; refuse whatever a sign-in or sign-out uses."""
    header = str(signed.header.get("typ", "JWT")).lower()
    access = header in ACCESS_TOKEN_TYPES or (header == "jwt" and _is_keycloaks(signed.claims))
    if not access or SIGN_IN_CLAIMS & signed.claims.keys():
        raise TokenError("not_an_access_token")


def _is_keycloaks(claims: dict[str, Any]) -> bool:
    # Keycloak calls an access token that is bound to a key by another name; unbound, none has it.
    return claims.get("typ") == "Bearer" or (claims.get("typ") == "DPoP" and "cnf" in claims)


def _read(claims: dict[str, Any]) -> TokenClaims:
    subject, token_id = text_claim(claims, "sub"), text_claim(claims, "jti")
    if subject is None or token_id is None:
        raise TokenError("invalid_claim:sub" if subject is None else "invalid_claim:jti")
    return TokenClaims(
        iss=claims["iss"],
        sub=subject,
        aud=audiences(claims),
        exp=int(claims["exp"]),
        iat=int(claims["iat"]),
        jti=token_id,
        sid=text_claim(claims, "sid"),
        scope=text_claim(claims, "scope", 4000),
        acr=text_claim(claims, "acr"),
        auth_time=time_claim(claims, "auth_time"),
        bound_to=_bound_to(claims),
    )


def _bound_to(claims: dict[str, Any]) -> str | None:
    """Return the key a token is bound to; a binding that we cannot check is none that may be ignored."""
    if "cnf" not in claims:
        return None
    confirmation = claims["cnf"]
    bound = text_claim(confirmation, "jkt") if isinstance(confirmation, dict) else None
    if bound is None or len(confirmation) > 1:
        raise TokenError("binding_unknown")
    return bound
