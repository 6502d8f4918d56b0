"""Refresh tokens of the development provider: signed, so that they outlive a restart; each is good once.

A token used twice was stolen from somebody, so it ends the whole sign-in (RFC 9700 section 4.14.2).
"""

from collections.abc import Mapping
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey
from uuid_utils.compat import uuid7

from sso.dev.key import ALGORITHM
from sso.dev.people import DemoPerson
from sso.dev.tokens import Confirmation, sign

KIND = "rt+jwt"
LIFETIME = 10 * 60 * 60


class RefreshTokens:
    """Gives refresh tokens and takes them back; remembers which are used and which sign-ins are over."""

    def __init__(self, issuer: str, people: Mapping[str, DemoPerson]) -> None:
        self._issuer = issuer
        self._people = people
        self._used: set[str] = set()
        self._ended: set[str] = set()

    def give(self, key: ECKey, signed_in: Confirmation, client_id: str, now: int) -> str:
        """Return a refresh token of a sign-in for the client it is for."""
        claims = {
            "iss": self._issuer,
            "sub": signed_in.person.subject,
            "aud": f"{self._issuer}/token",
            "client_id": client_id,
            "iat": now,
            "exp": now + LIFETIME,
            "jti": str(uuid7()),
            "handle": signed_in.person.handle,
            "sid": signed_in.sid,
            "acr": signed_in.acr,
            "auth_time": signed_in.auth_time,
        }
        return sign(key, claims, KIND)

    def take(self, key: ECKey, token: str, client_id: str, now: int) -> Confirmation | None:
        """Return the sign-in that `token` stands for, once; else None."""
        claims = self._open(key, token, client_id, now)
        if claims is None or claims["sid"] in self._ended or claims["handle"] not in self._people:
            return None
        if claims["jti"] in self._used:
            self.end(claims["sid"])
            return None
        self._used.add(claims["jti"])
        return Confirmation(self._people[claims["handle"]], claims["acr"], claims["auth_time"], claims["sid"])

    def revoke(self, key: ECKey, token: str, client_id: str, now: int) -> None:
        """End the sign-in of `token` (RFC 7009); any other text ends nothing."""
        claims = self._open(key, token, client_id, now)
        if claims is not None:
            self.end(claims["sid"])

    def end(self, sid: str) -> None:
        """Let no token of a sign-in work any more."""
        self._ended.add(sid)

    def _open(self, key: ECKey, token: str, client_id: str, now: int) -> dict[str, Any] | None:
        registry = jwt.JWTClaimsRegistry(
            now=now,
            exp={"essential": True},
            iss={"essential": True, "value": self._issuer},
            aud={"essential": True, "value": f"{self._issuer}/token"},
            client_id={"essential": True, "value": client_id},
        )
        try:
            opened = jwt.decode(token, key, algorithms=[ALGORITHM])
            registry.validate(opened.claims)
        except (JoseError, ValueError):
            return None
        return opened.claims if opened.header.get("typ") == KIND else None
