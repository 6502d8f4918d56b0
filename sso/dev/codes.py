"""Authorization codes of the development provider: in memory, one minute, one use."""

import secrets
from collections import OrderedDict
from dataclasses import dataclass

from sso.dev.requests import AuthorizationRequest
from sso.dev.tokens import Confirmation

LIFETIME = 60
MOST = 1000


@dataclass(frozen=True, slots=True)
class CodeGrant:
    """What a code stands for; `issued` in seconds."""

    request: AuthorizationRequest
    signed_in: Confirmation
    issued: int


class Codes:
    """Codes given out and not yet used."""

    def __init__(self) -> None:
        self._open: OrderedDict[str, CodeGrant] = OrderedDict()

    def give(self, grant: CodeGrant) -> str:
        """Return a new code for `grant`."""
        code = secrets.token_urlsafe(32)
        self._open[code] = grant
        while len(self._open) > MOST:
            self._open.popitem(last=False)
        return code

    def take(self, code: str, now: int) -> CodeGrant | None:
        """Return what `code` stands for, once and within a minute; else None."""
        grant = self._open.pop(code, None)
        return grant if grant is not None and 0 <= now - grant.issued <= LIFETIME else None
