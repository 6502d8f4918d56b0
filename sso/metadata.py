"""What a provider publishes about itself, and its signing keys (OpenID Connect Discovery 1.0, RFC 7517).

Fetched when first needed, because the development provider lives in the process that asks it.
"""

import asyncio
import hashlib
from typing import Any

import httpx2
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet, RSAKey
from pydantic import BaseModel, ConfigDict, ValidationError

from sso.clock import Clock, seconds
from sso.errors import ProviderError
from sso.settings import IssuerSettings, is_trustworthy

TTL = 3600
UNKNOWN_KEY_PAUSE = 30
"""Seconds between two fetches of the key set on account of an unknown key id."""
FAILED_PAUSE = 5
"""Seconds for which a failed reading of the key set answers for everybody who needs it."""

VerificationKey = RSAKey | ECKey


class ProviderDocument(BaseModel):
    """The part of the discovery document that is used."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    end_session_endpoint: str | None = None
    pushed_authorization_request_endpoint: str | None = None
    device_authorization_endpoint: str | None = None
    revocation_endpoint: str | None = None
    backchannel_logout_supported: bool = False
    authorization_response_iss_parameter_supported: bool = False


class ProviderMetadata:
    """Metadata and keys of one issuer, at most an hour old.

    `http` is shared and owned by the caller. Every method raises `ProviderError` when what is needed
    cannot be had or trusted.
    """

    def __init__(self, settings: IssuerSettings, http: httpx2.AsyncClient, clock: Clock) -> None:
        self.settings = settings
        self.http = http
        self._clock = clock
        self._lock = asyncio.Lock()
        self._document: ProviderDocument | None = None
        self._keys: tuple[VerificationKey, ...] = ()
        self._revision = ""
        self._document_read = self._keys_read = self._keys_tried = 0
        self._failure: ProviderError | None = None

    async def document(self) -> ProviderDocument:
        """Return the provider's metadata."""
        async with self._lock:
            return await self._fresh_document()

    async def keys_revision(self) -> str:
        """Return a fingerprint of the current key set; it changes when the keys do."""
        async with self._lock:
            await self._fresh_keys()
            return self._revision

    async def key(self, kid: str | None) -> VerificationKey | None:
        """Return the signing key named `kid`, or the only key when no name is given; None when there is none.

        An unknown name makes the key set be fetched again, at most every 30 s however many ask.
        """
        async with self._lock:
            await self._fresh_keys()
            found = self._find(kid)
            if found is None and kid is not None and self._age(self._keys_tried) >= UNKNOWN_KEY_PAUSE:
                await self._read_keys()
                found = self._find(kid)
            return found

    async def ping(self) -> None:
        """Ask the provider for its metadata now."""
        async with self._lock:
            self._document = None
            await self._fresh_document()

    def _find(self, kid: str | None) -> VerificationKey | None:
        if kid is None:
            return self._keys[0] if len(self._keys) == 1 else None
        return next((key for key in self._keys if key.kid == kid), None)

    def _age(self, read: int) -> int:
        age = seconds(self._clock()) - read
        # A clock that moved back says nothing about age, so what was read counts as old.
        return age if age >= 0 else TTL

    async def _fresh_document(self) -> ProviderDocument:
        if self._document is None or self._age(self._document_read) >= TTL:
            self._document = await self._read_document()
            self._document_read = seconds(self._clock())
        return self._document

    async def _read_document(self) -> ProviderDocument:
        issuer = self.settings.url
        answer = await self._get(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
        try:
            document = ProviderDocument.model_validate(answer)
        except ValidationError:
            raise ProviderError("discovery_malformed") from None
        if document.issuer != issuer:
            raise ProviderError("discovery_issuer_mismatch")
        if not all(is_trustworthy(endpoint.partition("?")[0]) for endpoint in _endpoints(document)):
            raise ProviderError("discovery_malformed")
        return document

    async def _fresh_keys(self) -> None:
        if self._revision and self._age(self._keys_read) < TTL:
            return
        # A provider that fails must not be asked once per token, each waiting for the one before.
        if self._failure is not None and self._age(self._keys_tried) < FAILED_PAUSE:
            raise ProviderError(self._failure.reason)
        await self._read_keys()

    async def _read_keys(self) -> None:
        self._keys_tried = seconds(self._clock())
        try:
            self._keys = import_keys(await self._get_keys())
        except ProviderError as failure:
            self._failure = failure
            raise
        self._keys_read, self._failure = self._keys_tried, None
        thumbprints = sorted(f"{key.kid}:{key.thumbprint()}" for key in self._keys)
        self._revision = hashlib.sha256("\n".join(thumbprints).encode()).hexdigest()

    async def _get_keys(self) -> Any:  # noqa: ANN401 - foreign JSON, checked by the caller
        return await self._get((await self._fresh_document()).jwks_uri)

    async def _get(self, url: str) -> Any:  # noqa: ANN401 - foreign JSON, checked by the callers
        try:
            response = await self.http.get(
                url, headers={"Accept": "application/json"}, follow_redirects=False
            )
            response.raise_for_status()
            return response.json()
        except (httpx2.HTTPError, ValueError):
            raise ProviderError("provider_unavailable") from None


def _endpoints(document: ProviderDocument) -> tuple[str, ...]:
    needed = (document.authorization_endpoint, document.token_endpoint, document.jwks_uri)
    offered = (
        document.end_session_endpoint,
        document.pushed_authorization_request_endpoint,
        document.device_authorization_endpoint,
        document.revocation_endpoint,
    )
    return (*needed, *filter(None, offered))


def import_keys(answer: Any) -> tuple[VerificationKey, ...]:  # noqa: ANN401 - foreign JSON
    """Keep the public signature keys; symmetric keys and encryption keys have no place here."""
    try:
        given = [key for key in answer["keys"] if key.get("kty") in {"RSA", "EC"}]
        chosen = [key for key in given if key.get("use", "sig") == "sig"]
        keys = KeySet.import_key_set({"keys": chosen}).keys
    except (JoseError, KeyError, TypeError, AttributeError, ValueError):
        raise ProviderError("keys_malformed") from None
    return tuple(key for key in keys if isinstance(key, RSAKey | ECKey))
