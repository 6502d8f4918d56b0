"""Tokens of the development provider: access tokens (RFC 9068) and ID tokens (OpenID Connect Core 1.0)."""

import base64
import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey
from uuid_utils.compat import uuid7

from sso.clock import seconds
from sso.dev.key import ALGORITHM, load_key
from sso.dev.people import DEMO_PEOPLE, DemoPerson
from sso.settings import AUDIENCE

PLAIN_ACR = "dev-1"
STEP_UP_ACR = "dev-2"
CLIENT_ID = "guildhall"
DEVICE_CLIENT_ID = "guildhall-cli"
ACCESS_TOKEN_LIFETIME = 3600
ID_TOKEN_LIFETIME = 300


@dataclass(frozen=True, slots=True)
class Confirmation:
    """Someone said who they are: at `auth_time` (seconds), with the strength `acr`."""

    person: DemoPerson
    acr: str
    auth_time: int
    sid: str


def confirm(person: DemoPerson, *, step_up: bool, now: int) -> Confirmation:
    """Return a sign-in of `person` at `now` (seconds)."""
    return Confirmation(person, STEP_UP_ACR if step_up else PLAIN_ACR, now, secrets.token_urlsafe(12))


def issue_token(key_path: Path, issuer: str, person: str, step_up: bool, now: int) -> str:  # noqa: FBT001
    """Return an access token for one of the demo's people (`guildhall dev token`); `now` in microseconds.

    Raises:
        KeyError: nobody of that name is in the demo.
    """
    signed_in = confirm(DEMO_PEOPLE[person], step_up=step_up, now=seconds(now))
    return sign(load_key(key_path), access_claims(issuer, signed_in, seconds(now)), "at+jwt")


def access_claims(
    issuer: str, signed_in: Confirmation, now: int, client_id: str = CLIENT_ID
) -> dict[str, Any]:
    """Return the claims of an access token issued at `now` (seconds)."""
    return {
        "iss": issuer,
        "sub": signed_in.person.subject,
        "aud": AUDIENCE,
        "client_id": client_id,
        "iat": now,
        "exp": now + ACCESS_TOKEN_LIFETIME,
        "jti": str(uuid7()),
        "sid": signed_in.sid,
        "scope": "openid profile",
        "acr": signed_in.acr,
        "auth_time": signed_in.auth_time,
    }


def id_claims(
    issuer: str,
    signed_in: Confirmation,
    nonce: str | None,
    access_token: str,
    now: int,
    *,
    client_id: str = CLIENT_ID,
) -> dict[str, Any]:
    """Return the claims of an ID token issued at `now` (seconds) beside `access_token`."""
    person = signed_in.person
    return {
        "iss": issuer,
        "sub": person.subject,
        "aud": client_id,
        "azp": client_id,
        "iat": now,
        "exp": now + ID_TOKEN_LIFETIME,
        **({"nonce": nonce} if nonce else {}),
        "at_hash": access_token_hash(access_token),
        "auth_time": signed_in.auth_time,
        "acr": signed_in.acr,
        "sid": signed_in.sid,
        "preferred_username": person.handle,
        "name": person.name,
        "groups": list(person.groups),
    }


def access_token_hash(access_token: str) -> str:
    """Return `at_hash` for an algorithm of the SHA-256 family (OpenID Connect Core 1.0 section 3.1.3.6)."""
    digest = hashlib.sha256(access_token.encode()).digest()
    return base64.urlsafe_b64encode(digest[:16]).rstrip(b"=").decode()


def sign(key: ECKey, claims: Mapping[str, Any], kind: str = "JWT") -> str:
    """Return `claims` as a signed token whose header says `kind`."""
    return jwt.encode({"alg": ALGORITHM, "kid": key.kid, "typ": kind}, dict(claims), key)
