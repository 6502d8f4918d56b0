"""Open a signed JWT: key by name, algorithm pinned, nothing in the header trusted (RFC 7515, RFC 8725)."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from sso.errors import SsoError
from sso.metadata import ProviderMetadata

FORBIDDEN_HEADERS = frozenset({"crit", "jwk", "jku", "x5u", "x5c", "b64"})
LONGEST_TOKEN = 16 * 1024


class SignatureRefusedError(SsoError):
    """A token whose form, key or signature is not acceptable."""


@dataclass(frozen=True, slots=True)
class SignedToken:
    """Header and claims under a signature that held."""

    header: Mapping[str, Any]
    claims: dict[str, Any]


async def open_signed(token: str, metadata: ProviderMetadata) -> SignedToken:
    """Return header and claims of `token` after checking its signature with the issuer's keys.

    Raises:
        SignatureRefusedError: malformed, forbidden_header, algorithm_not_allowed, unknown_key or
            bad_signature.
        ProviderError: the keys cannot be had.
    """
    header = read_header(token)
    algorithm = header.get("alg")
    if algorithm not in metadata.settings.algorithms:
        raise SignatureRefusedError("algorithm_not_allowed")
    kid = header.get("kid")
    key = await metadata.key(kid)
    if key is None:
        raise SignatureRefusedError("unknown_key")
    try:
        opened = jwt.decode(token, key, algorithms=[algorithm])
    except (JoseError, ValueError, TypeError):
        raise SignatureRefusedError("bad_signature") from None
    return SignedToken(opened.header, opened.claims)


def open_with_own_key(token: str, kind: str, algorithms: Sequence[str]) -> tuple[ECKey, Mapping[str, Any]]:
    """Return the key that `token` brings along, and what it says under that key's signature.

    Such a token proves that its sender holds the key (RFC 9449), and nothing of who that is.

    Raises:
        SignatureRefusedError: malformed or bad_signature.
    """
    header = _split(token).headers()
    brought, algorithm = header.get("jwk"), str(header.get("alg"))
    # A private key that was sent is nobody's proof any more.
    if not isinstance(brought, dict) or brought.get("kty") != "EC" or "d" in brought:
        raise SignatureRefusedError("malformed")
    if header.get("typ") != kind or algorithm not in algorithms or "crit" in header:
        raise SignatureRefusedError("malformed")
    try:
        key = ECKey.import_key(brought)
        return key, jwt.decode(token, key, algorithms=[algorithm]).claims
    except (JoseError, ValueError, TypeError, KeyError):
        raise SignatureRefusedError("bad_signature") from None


def read_header(token: str) -> Mapping[str, Any]:
    """Return the header of `token`, which proves nothing yet.

    Raises:
        SignatureRefusedError: malformed or forbidden_header.
    """
    header = _split(token).headers()
    if FORBIDDEN_HEADERS & header.keys():
        raise SignatureRefusedError("forbidden_header")
    if not isinstance(header.get("kid", ""), str):
        raise SignatureRefusedError("malformed")
    return header


def _split(token: str) -> jws.CompactSignature:
    if len(token) > LONGEST_TOKEN or token.count(".") != 2:  # noqa: PLR2004 - RFC 7515 section 3.1: three parts
        raise SignatureRefusedError("malformed")
    try:
        return jws.extract_compact(token.encode())
    except (JoseError, ValueError, TypeError):
        raise SignatureRefusedError("malformed") from None


def unproven_issuer(token: str) -> str:
    """Return the `iss` a token claims, only to choose whose keys must prove it.

    Raises:
        SignatureRefusedError: malformed.
    """
    try:
        claims = json.loads(_split(token).payload)
    except ValueError:
        raise SignatureRefusedError("malformed") from None
    issuer = claims.get("iss") if isinstance(claims, dict) else None
    return issuer if isinstance(issuer, str) else ""
