"""A provider that misbehaves on purpose: the development provider with knobs that no product has.

Modelled on the refusals that the OpenID conformance suite asks of relying parties.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from joserfc.jwk import ECKey
from joserfc.jws import JWSRegistry

from sso.clock import Clock
from sso.dev.codes import CodeGrant
from sso.dev.people import DEMO_PEOPLE, DemoPerson
from sso.dev.provider import DevProvider
from sso.dev.tokens import CLIENT_ID, access_claims, id_claims
from tests.sso.journey import ISSUER, Bench, SettableClock

Forge = Callable[["HostileProvider", dict[str, Any]], str]
ABSENT = object()


def encode(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).rstrip(b"=").decode()


def compact(header: Mapping[str, Any], claims: Mapping[str, Any], sign: Callable[[bytes], bytes]) -> str:
    """Return a token in JWS form whose signature is whatever `sign` says."""
    signed = ".".join(encode(json.dumps(part).encode()) for part in (header, claims))
    return f"{signed}.{encode(sign(signed.encode()))}"


def signed_with(key: ECKey, header: Mapping[str, Any] | None = None, kid: str | None = None) -> Forge:
    """Sign with `key`, naming `kid` (the provider's own when None), with `header` on top."""

    def forge(provider: "HostileProvider", claims: dict[str, Any]) -> str:
        named = {"alg": "ES256", "typ": "JWT", "kid": kid or provider.key.kid, **(header or {})}
        kept = {name: value for name, value in named.items() if value is not ABSENT}
        return compact(kept, claims, lambda text: ecdsa(key, text))

    return forge


def ecdsa(key: ECKey, text: bytes) -> bytes:
    return JWSRegistry.algorithms["ES256"].sign(text, key)


def with_header(**header: object) -> Forge:
    """Sign properly, with something more (or less: ABSENT) in the header."""
    return lambda provider, claims: signed_with(provider.key, header)(provider, claims)


def unsigned(provider: "HostileProvider", claims: dict[str, Any]) -> str:
    return compact({"alg": "none", "typ": "JWT"}, claims, lambda _: b"")


def hmac_with_public_key(provider: "HostileProvider", claims: dict[str, Any]) -> str:
    """The classic confusion: the published key, used as if it were a shared secret."""
    public = provider.key.as_pem(private=False)
    header = {"alg": "HS256", "typ": "JWT", "kid": provider.key.kid}
    return compact(header, claims, lambda text: hmac.digest(public, text, hashlib.sha256))


class HostileProvider(DevProvider):
    """Behaves until a knob is turned."""

    def __init__(self, issuer: str, key_path: Path, people: Mapping[str, DemoPerson], clock: Clock) -> None:
        super().__init__(issuer, key_path, people, clock)
        self.claims: dict[str, object] = {}
        self.forge: Forge = with_header()
        self.metadata: dict[str, object] = {}
        self.more_keys: list[ECKey] = []
        self.answer: dict[str, object] = {}
        self.returned: dict[str, object] = {}
        self.key_requests = 0

    def discovery(self) -> dict[str, Any]:
        return _over(super().discovery(), self.metadata)

    def jwks(self) -> dict[str, Any]:
        self.key_requests += 1
        more = [{**key.as_dict(private=False), "use": "sig"} for key in self.more_keys]
        return {"keys": [*super().jwks()["keys"], *more]}

    def callback(self, address: str, state: str, **answer: str) -> str:
        query = _over({**answer, "state": state, "iss": self.issuer}, self.returned)
        return f"{address}?{urlencode(query)}"

    def token_answer(self, grant: CodeGrant) -> dict[str, Any]:
        now = self._now()
        access = self.forge_access(access_claims(self.issuer, grant.signed_in, now))
        honest = id_claims(self.issuer, grant.signed_in, grant.request.nonce, access, now)
        id_token = self.forge(self, _over(honest, self.claims))
        refresh = self.refresh_tokens.give(self.key, grant.signed_in, CLIENT_ID, now)
        given = {
            "access_token": access,
            "token_type": "Bearer",
            "id_token": id_token,
            "refresh_token": refresh,
        }
        return _over(given, self.answer)

    def forge_access(self, claims: dict[str, Any], **header: object) -> str:
        return with_header(**{"typ": "at+jwt", **header})(self, claims)


def _over(honest: dict[str, Any], turned: Mapping[str, object]) -> dict[str, Any]:
    return {name: value for name, value in {**honest, **turned}.items() if value is not ABSENT}


def hostile_bench(folder: Path) -> tuple[Bench, HostileProvider]:
    clock = SettableClock()
    provider = HostileProvider(ISSUER, folder / "dev-idp.key", DEMO_PEOPLE, clock)
    return Bench(provider, clock), provider
