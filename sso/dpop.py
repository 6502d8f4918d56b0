"""Proof that whoever sends a token holds the key it is bound to (RFC 9449, DPoP).

A proof is about one request, a minute old at most, and good once. Without a nonce of ours: the window is
short, and what was used is remembered by all processes together.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from joserfc.jwk import ECKey
from joserfc.util import urlsafe_b64encode
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, delete
from sqlmodel.ext.asyncio.session import AsyncSession

from sso.claims import text_claim, time_claim
from sso.clock import CLOCK_SKEW, MICROSECONDS
from sso.errors import TokenError
from sso.models import SpentToken
from sso.signed import SignatureRefusedError, open_with_own_key

ALGORITHMS: Final = ("ES256",)
OLDEST: Final = 60
PORTS: Final = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Asked:
    """The request that a proof has to be about: its method, and the addresses (without query) we go by."""

    method: str
    urls: frozenset[str]


@dataclass(frozen=True, slots=True)
class Proof:
    """A proof that held: the key it is remembered by, and until when (microseconds) it could be used."""

    id_hash: str
    end: int


def check_proof(text: str, thumbprint: str, token: str, asked: Asked, now: int) -> Proof:
    """Return the proof `text` that the sender of `token` holds the key with `thumbprint`; `now` in seconds.

    Raises:
        TokenError: dpop_malformed, dpop_key, dpop_request, dpop_token or dpop_time.
    """
    key, claims = _open(text)
    if key.thumbprint() != thumbprint:
        raise TokenError("dpop_key")
    if claims.get("htm") != asked.method or normal_url(text_claim(claims, "htu", 2000)) not in asked.urls:
        raise TokenError("dpop_request")
    if claims.get("ath") != token_hash(token):
        raise TokenError("dpop_token")
    issued, name = time_claim(claims, "iat"), text_claim(claims, "jti")
    if issued is None or name is None or not -CLOCK_SKEW <= now - issued <= OLDEST:
        raise TokenError("dpop_time")
    digest = hashlib.sha256(json.dumps(["dpop", thumbprint, name]).encode()).hexdigest()
    return Proof(digest, (issued + OLDEST + CLOCK_SKEW) * MICROSECONDS)


async def spend(db: AsyncSession, proof: Proof, now: int) -> None:
    """Use a proof up; `now` in microseconds.

    Raises:
        TokenError: dpop_replayed: it was used before, here or in another process.
    """
    await db.exec(delete(SpentToken).where(col(SpentToken.end) < now))
    db.add(SpentToken(id_hash=proof.id_hash, end=proof.end))
    try:
        await db.flush()
    except IntegrityError:
        raise TokenError("dpop_replayed") from None


def token_hash(token: str) -> str:
    """Return `ath` (RFC 9449 section 4.2)."""
    return urlsafe_b64encode(hashlib.sha256(token.encode()).digest()).decode()


def normal_url(url: str | None) -> str:
    """Return an address without query and fragment, in one form (RFC 3986 section 6)."""
    try:
        parts = urlsplit(url or "")
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError:
        return ""
    scheme = parts.scheme.lower()
    named = f"[{host}]" if ":" in host else host
    shown = named if port in (None, PORTS.get(scheme)) else f"{named}:{port}"
    return f"{scheme}://{shown}{parts.path or '/'}"


def _open(text: str) -> tuple[ECKey, Mapping[str, Any]]:
    try:
        return open_with_own_key(text, "dpop+jwt", ALGORITHMS)
    except SignatureRefusedError:
        raise TokenError("dpop_malformed") from None
