"""SCIM bearer tokens: `guildhall_scim_<id>_<secret><checksum>`, told from every other bearer by a scanner.

Only an HMAC under a key of this installation is kept; 190 random bits need no slow hash.
"""

import hashlib
import hmac
import re
from dataclasses import dataclass, field
from typing import Final

from sso.keys.form import CHECKSUM_LENGTH, ID_LENGTH, SECRET_LENGTH, checksum, new_key_text

PREFIX: Final = "guildhall_scim_"
PATTERN: Final = rf"\b{PREFIX}[0-9A-Za-z]{{{ID_LENGTH}}}_[0-9A-Za-z]{{{SECRET_LENGTH + CHECKSUM_LENGTH}}}\b"
"""The regular expression for scanners (docs/reference/scim.md)."""
_WHOLE: Final = re.compile(PATTERN)


@dataclass(frozen=True, slots=True)
class ScimToken:
    """A token in its parts; `id` is public."""

    id: str
    secret: str = field(repr=False)

    @property
    def text(self) -> str:
        """The token as it is shown once, and sent from then on."""
        body = f"{PREFIX}{self.id}_{self.secret}"
        return body + checksum(body)

    def verifier(self, pepper: bytes) -> str:
        """Return what is kept in its place (hex HMAC-SHA256)."""
        return hmac.new(pepper, f"scim\n{self.id}\n{self.secret}".encode(), hashlib.sha256).hexdigest()

    def is_kept_as(self, verifier: str, pepper: bytes) -> bool:
        """Say whether `verifier` was made of this token, in constant time."""
        return hmac.compare_digest(self.verifier(pepper), verifier)


def new_token() -> ScimToken:
    """Return a token nobody has seen."""
    fresh = new_key_text()
    return ScimToken(fresh.id, fresh.secret)


def read_token(text: str) -> ScimToken | None:
    """Return the parts of a token; None when its form or its checksum is wrong."""
    if _WHOLE.fullmatch(text) is None or checksum(text[:-CHECKSUM_LENGTH]) != text[-CHECKSUM_LENGTH:]:
        return None
    token_id, _, rest = text.removeprefix(PREFIX).partition("_")
    return ScimToken(token_id, rest[:-CHECKSUM_LENGTH])
