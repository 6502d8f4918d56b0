"""What an application may ask of the development provider (RFC 6749, RFC 7636, OpenID Connect Core 1.0)."""

import base64
import hashlib
import hmac
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sso.dev.tokens import CLIENT_ID, STEP_UP_ACR

_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")


class UntrustedRequestError(ValueError):
    """A request that names an unknown client or address: nothing may be sent back to it."""


class BadRequestError(ValueError):
    """A request of a known client that cannot be granted; `code` is the OAuth error to send to `address`."""

    def __init__(self, code: str, address: str, state: str) -> None:
        super().__init__(code)
        self.code = code
        self.address = address
        self.state = state


@dataclass(frozen=True, slots=True)
class AuthorizationRequest:
    """A checked request to sign somebody in."""

    redirect_uri: str
    state: str
    nonce: str
    code_challenge: str
    step_up: bool
    confirm: bool


def trusted_redirect(params: Mapping[str, str], redirect_uris: Collection[str]) -> str:
    """Return where to send the answer.

    Raises:
        UntrustedRequestError: the client or the address is not known; compared exactly.
    """
    if params.get("client_id") != CLIENT_ID or params.get("redirect_uri") not in redirect_uris:
        raise UntrustedRequestError("This application or its return address is not known here.")
    return params["redirect_uri"]


def read_authorization(params: Mapping[str, str], redirect_uri: str) -> AuthorizationRequest:
    """Return the request in `params`.

    Raises:
        BadRequestError: with the error code for the application.
    """
    mistake = _mistake(params)
    if mistake is not None:
        raise BadRequestError(mistake, redirect_uri, params.get("state", ""))
    step_up = STEP_UP_ACR in params.get("acr_values", "").split()
    return AuthorizationRequest(
        redirect_uri=redirect_uri,
        state=params["state"],
        nonce=params["nonce"],
        code_challenge=params["code_challenge"],
        step_up=step_up,
        confirm=step_up or params.get("max_age") == "0",
    )


def _mistake(params: Mapping[str, str]) -> str | None:
    if params.get("response_type") != "code":
        return "unsupported_response_type"
    if "openid" not in params.get("scope", "").split():
        return "invalid_scope"
    challenged = params.get("code_challenge_method") == "S256"
    if not challenged or not _CHALLENGE.fullmatch(params.get("code_challenge", "")):
        return "invalid_request"
    if not params.get("state") or not params.get("nonce"):
        return "invalid_request"
    return "login_required" if params.get("prompt") == "none" else None


def proves_challenge(verifier: str, challenge: str) -> bool:
    """Say whether `verifier` is what `challenge` was made from (RFC 7636 section 4.6, S256 only)."""
    digest = hashlib.sha256(verifier.encode()).digest()
    return hmac.compare_digest(base64.urlsafe_b64encode(digest).rstrip(b"=").decode(), challenge)
