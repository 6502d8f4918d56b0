"""Workloads: a token of a Kubernetes cluster or of a CI system names a service account of ours, or nobody.

A name can be given again to something else; an id cannot. So what a token must say is pinned by exact texts,
on ids such as `/kubernetes.io/serviceaccount/uid` and `/repository_id`.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

import httpx2
from joserfc import jwt
from joserfc.errors import JoseError

from sso.claims import audiences, text_claim
from sso.clock import CLOCK_SKEW, Clock, seconds
from sso.errors import ProviderError, TokenError
from sso.metadata import ProviderMetadata, VerificationKey, import_keys
from sso.models import TrustedIssuer
from sso.settings import IssuerSettings
from sso.signed import SignatureRefusedError, SignedToken, open_signed

KEPT_KEYS: Final = 100
Believed = tuple[TrustedIssuer, dict[str, Any]]


class WorkloadKeys(ProviderMetadata):
    """The keys of one trusted issuer, from its own address or as they were pasted; no discovery."""

    def __init__(self, trusted: TrustedIssuer, http: httpx2.AsyncClient, clock: Clock) -> None:
        super().__init__(IssuerSettings(url=trusted.issuer, algorithms=("RS256", "ES256")), http, clock)
        self._jwks_url = trusted.jwks_url
        self._pasted = trusted.jwks

    async def _get_keys(self) -> Any:  # noqa: ANN401 - foreign JSON, checked by the caller
        return json.loads(self._pasted) if self._pasted else await self._get(str(self._jwks_url))


class Workloads:
    """Believes workload tokens; keeps the keys of each trusted issuer for an hour."""

    def __init__(self, http: httpx2.AsyncClient, clock: Clock) -> None:
        self._http = http
        self._clock = clock
        self._keys: dict[tuple[str, str | None, str | None], WorkloadKeys] = {}

    async def believe(
        self, token: str, trusted: Sequence[TrustedIssuer]
    ) -> tuple[TrustedIssuer, dict[str, Any]]:
        """Return the one of `trusted` that `token` fits, and its claims.

        Raises:
            TokenError: why it is not believed; `workload_not_trusted` when no pin fits.
        """
        fitting: list[Believed] = []
        for one in trusted:
            signed = await self._open(token, one)
            if signed is not None and fits(signed.claims, one):
                fitting.append((one, signed.claims))
        if len(fitting) != 1:
            raise TokenError("workload_not_trusted")
        check_times(fitting[0][1], fitting[0][0], seconds(self._clock()))
        return fitting[0]

    async def _open(self, token: str, trusted: TrustedIssuer) -> SignedToken | None:
        try:
            return await open_signed(token, self._keys_of(trusted))
        except SignatureRefusedError:
            return None
        except ProviderError:
            raise TokenError("issuer_unavailable") from None

    def _keys_of(self, trusted: TrustedIssuer) -> WorkloadKeys:
        place = trusted.issuer, trusted.jwks_url, trusted.jwks
        if place not in self._keys:
            if len(self._keys) >= KEPT_KEYS:
                self._keys.clear()
            self._keys[place] = WorkloadKeys(trusted, self._http, self._clock)
        return self._keys[place]


def fits(claims: Mapping[str, Any], trusted: TrustedIssuer) -> bool:
    """Say whether a token is for us alone and says exactly what is pinned."""
    ours = claims.get("iss") == trusted.issuer and audiences(claims) == (trusted.audience,)
    pins = json.loads(trusted.pins)
    return ours and bool(pins) and all(claim_at(claims, path) == value for path, value in pins.items())


def check_times(claims: dict[str, Any], trusted: TrustedIssuer, now: int) -> None:
    """Refuse a token without an end, past it, or made to last longer than is trusted; `now` in seconds.

    Raises:
        TokenError: missing_claim, expired_token or lasts_too_long.
    """
    needed = {name: {"essential": True} for name in ("sub", "iat", "exp", "aud")}
    try:
        jwt.JWTClaimsRegistry(now=now, leeway=CLOCK_SKEW, **needed).validate(claims)  # type: ignore[arg-type]
    except JoseError as error:
        raise TokenError(f"{error.error}:{getattr(error, 'claim', '')}".rstrip(":")) from None
    if int(claims["exp"]) - int(claims["iat"]) > trusted.longest:
        raise TokenError("lasts_too_long")
    if text_claim(claims, "sub") is None:
        raise TokenError("invalid_claim:sub")


def claim_at(claims: Mapping[str, Any], pointer: str) -> str | None:
    """Return the text at a JSON pointer (RFC 6901); None when there is no text, whatever else is there."""
    found: Any = claims
    for step in pointer.removeprefix("/").split("/"):
        name = step.replace("~1", "/").replace("~0", "~")
        found = found.get(name) if isinstance(found, dict) else None
    return found if isinstance(found, str) else None


def check_keys(pasted: str) -> Sequence[VerificationKey]:
    """Return the keys of a pasted key set.

    Raises:
        ProviderError: keys_malformed: it holds no public key that could be used.
    """
    try:
        keys = import_keys(json.loads(pasted))
    except ValueError:
        raise ProviderError("keys_malformed") from None
    if not keys:
        raise ProviderError("keys_malformed")
    return keys
