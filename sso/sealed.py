"""Sealed credentials for break glass: their form, and the digest that is all we keep of them."""

import hashlib
import hmac
from typing import Final

from sso.keys.form import CHECKSUM_LENGTH, checksum, new_key_text

PREFIX: Final = "guildhall_bg_"
_CONTEXT: Final = b"break glass\x00"


def new_sealed_text() -> str:
    """Return a credential that nobody has: 190 random bits and a checksum, after a prefix scanners know."""
    body = PREFIX + new_key_text().secret
    return body + checksum(body)


def is_sealed_text(text: str) -> bool:
    """Say whether `text` is whole: the prefix is there and the checksum is right."""
    return text.startswith(PREFIX) and checksum(text[:-CHECKSUM_LENGTH]) == text[-CHECKSUM_LENGTH:]


def digest_of(text: str, key: bytes) -> str:
    """Return the HMAC-SHA256 (hex) of a credential under a key that is kept outside the database.

    190 random bits need no slow hash; without the key a copied table opens nothing, and cannot be added to.
    """
    return hmac.new(key, _CONTEXT + text.encode(), hashlib.sha256).hexdigest()
