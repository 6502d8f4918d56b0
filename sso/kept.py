"""The tokens a session keeps of its provider, sealed with AES-256-GCM (NIST SP 800-38D)."""

import json
import os
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE_SIZE = 12


@dataclass(frozen=True, slots=True)
class KeptTokens:
    """What a provider gave beside the claims: to confirm a session later, and to end it there."""

    id_token: str = field(repr=False)
    nonce: str = field(repr=False)
    refresh_token: str | None = field(default=None, repr=False)


def seal(kept: KeptTokens, key: bytes, id_hash: str) -> bytes:
    """Return `kept` sealed for the session `id_hash`: in another row it does not open."""
    plain = json.dumps([kept.id_token, kept.nonce, kept.refresh_token]).encode()
    nonce = os.urandom(NONCE_SIZE)
    return nonce + AESGCM(key).encrypt(nonce, plain, id_hash.encode())


def open_sealed(sealed: bytes | None, key: bytes, id_hash: str) -> KeptTokens | None:
    """Return what `seal` sealed; None when there is nothing, or it was sealed by another key or elsewhere."""
    if not sealed:
        return None
    try:
        plain = AESGCM(key).decrypt(sealed[:NONCE_SIZE], sealed[NONCE_SIZE:], id_hash.encode())
    except (InvalidTag, ValueError):
        return None
    id_token, nonce, refresh_token = json.loads(plain)
    return KeptTokens(id_token, nonce, refresh_token)
