"""Who acts, and how they proved it: the value every decision and every record starts from."""

import hashlib
import json
from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal
from uuid import UUID, uuid5

STEP_UP_MAX_AGE = 300
CLOCK_SKEW = 30
SYSTEM_ISSUER = "guildhall"
SYSTEM_NAMESPACE = UUID("6f0f2b5e-3d1c-5a53-9d55-0c4f6a2f7a10")

Method = Literal["bearer", "break_glass", "key", "session", "system"]
PrincipalKind = Literal["person", "service", "system"]


@dataclass(frozen=True, slots=True)
class KeyLimits:
    """The key that was used, and what it may be used for at most; no `routes`: every route of its owner."""

    id: UUID
    scopes: frozenset[str]
    routes: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Authentication:
    """One proof of identity.

    Times (`auth_time`, `expires`) are whole seconds since the epoch. `scopes` is None where scopes do
    not apply (sessions, the system). `session_id_hash` is set for sessions, `token_id` (the `jti`) for
    bearers, `key` for keys, which are no sign-in and sign nothing.
    """

    method: Method
    issuer: str
    subject: str
    session_id_hash: str | None = None
    token_id: str | None = None
    acr: str | None = None
    auth_time: int | None = None
    scopes: frozenset[str] | None = None
    expires: int | None = None
    key: KeyLimits | None = None

    def sign_in_key(self) -> str:
        """Name the sign-in, stable across requests, so that it can sign one submission only.

        A token is named by its issuer and `jti`. A session is named by who authenticated and when, not
        by its own id: a second session made from the same authentication at the provider is no new proof.

        Raises:
            ValueError: the system has no sign-in and signs nothing.
        """
        if self.method == "bearer" and self.token_id:
            return f"jti:{_fingerprint(self.issuer, self.token_id)}"
        if self.method == "session" and self.auth_time is not None:
            return f"session:{_fingerprint(self.issuer, self.subject)}:{self.auth_time}"
        raise ValueError("This authentication carries no sign-in that could sign anything.")

    def is_stepped_up(self, now: int, allowed_acr: Collection[str]) -> bool:
        """Say whether this is a strong and fresh sign-in: contract, "Stepped up"; RFC 9470.

        Args:
            now: seconds since the epoch.
            allowed_acr: the `acr` values that count as strong.
        """
        if self.method == "system" or self.acr is None or self.auth_time is None:
            return False
        return self.acr in allowed_acr and -CLOCK_SKEW <= now - self.auth_time <= STEP_UP_MAX_AGE


@dataclass(frozen=True, slots=True)
class Principal:
    """A person, a service or the system, together with the proof it came with.

    `may_hold_rights` is False for one that no team and no role can name: there is nothing to look up.
    """

    id: UUID
    kind: PrincipalKind
    handle: str
    name: str
    authentication: Authentication
    may_hold_rights: bool = True


def system_principal(name: str) -> Principal:
    """Return the principal of one of our own parts (`worker`, `demo`, …).

    The id is derived from the name by UUIDv5 (RFC 9562 section 5.5), so it is the same everywhere.
    """
    authentication = Authentication(method="system", issuer=SYSTEM_ISSUER, subject=name)
    identifier = uuid5(SYSTEM_NAMESPACE, name)
    return Principal(identifier, "system", f"system:{name}", f"Guildhall {name}", authentication)


def _fingerprint(*parts: str) -> str:
    # JSON keeps the border between the parts: ("a:b", "c") and ("a", "b:c") must differ.
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()
