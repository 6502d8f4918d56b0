"""The form of a key: a prefix that scanners know, an id, a secret, and a checksum over all of it.

``guildhall_sk_`` + 10 characters of id + ``_`` + 32 of secret (190 bits) + 6 of checksum, each in base62. The
checksum is the CRC-32 of everything before it: a typo is known without a look at the database, and a
scanner for leaked secrets tells a key from text that only looks like one.
"""

import re
import secrets
import string
import zlib
from dataclasses import dataclass, field
from typing import Final

PREFIX: Final = "guildhall_sk_"
ID_LENGTH: Final = 10
SECRET_LENGTH: Final = 32
CHECKSUM_LENGTH: Final = 6
PATTERN: Final = rf"\b{PREFIX}[0-9A-Za-z]{{{ID_LENGTH}}}_[0-9A-Za-z]{{{SECRET_LENGTH + CHECKSUM_LENGTH}}}\b"
"""The regular expression for scanners (docs/reference/keys.md)."""

_ALPHABET: Final = string.digits + string.ascii_uppercase + string.ascii_lowercase
_WHOLE: Final = re.compile(PATTERN)


@dataclass(frozen=True, slots=True)
class KeyText:
    """A key taken apart. Only `text` holds all of it, and nothing prints it by accident."""

    id: str
    secret: str = field(repr=False)

    @property
    def text(self) -> str:
        """The key as a program sends it."""
        body = f"{PREFIX}{self.id}_{self.secret}"
        return body + checksum(body)


def new_key_text() -> KeyText:
    """Return a key that nobody has."""
    return KeyText(_random(ID_LENGTH), _random(SECRET_LENGTH))


def new_secret(key_id: str) -> KeyText:
    """Return another secret for the key `key_id`."""
    return KeyText(key_id, _random(SECRET_LENGTH))


def looks_like_key(text: str) -> bool:
    """Say whether `text` means to be a key of ours, whole or not."""
    return text.startswith(PREFIX)


def read_key_text(text: str) -> KeyText | None:
    """Return the key `text` is; None when its form or its checksum is wrong."""
    if _WHOLE.fullmatch(text) is None or checksum(text[:-CHECKSUM_LENGTH]) != text[-CHECKSUM_LENGTH:]:
        return None
    key_id, _, rest = text.removeprefix(PREFIX).partition("_")
    return KeyText(key_id, rest[:-CHECKSUM_LENGTH])


def checksum(body: str) -> str:
    """Return the CRC-32 of `body` in base62, most significant digit first."""
    number, digits = zlib.crc32(body.encode()), ""
    for _ in range(CHECKSUM_LENGTH):
        number, digit = divmod(number, len(_ALPHABET))
        digits = _ALPHABET[digit] + digits
    return digits


def _random(length: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))
