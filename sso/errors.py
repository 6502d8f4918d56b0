"""What can be wrong with a sign-in, a token or a provider.

SsoError
├── SignInError     the sign-in is refused: a page with one sentence, no session
├── LogoutRefusedError  a logout token is refused: 400, nobody is signed out
├── TokenError      the bearer token is refused: 401
├── KeyRefusedError the key is refused: 401
├── ProviderError   the identity provider cannot be used now: 503
└── DirectoryError  the directory cannot be read now: the sync waits, and says why
"""

from typing import ClassVar


class SsoError(Exception):
    """`reason` is a stable snake_case code, `sentence` is for people; no secret or foreign text in it."""

    sentences: ClassVar[dict[str, str]] = {}

    def __init__(self, reason: str, sentence: str | None = None) -> None:
        self.reason = reason
        self.sentence = sentence or self.sentences.get(reason, f"Refused: {reason.replace('_', ' ')}.")
        super().__init__(self.sentence)


class SignInError(SsoError):
    """A sign-in that must not lead to a session."""

    sentences: ClassVar[dict[str, str]] = {
        "unknown_sign_in": "This sign-in was not started in this browser, was already used, or is too old. "
        "Please start again.",
        "issuer_mismatch": "The answer did not come from the identity provider that was asked.",
        "provider_refused": "The identity provider refused the sign-in.",
        "code_missing": "The identity provider's answer holds no code.",
        "code_exchange_failed": "The identity provider did not accept the sign-in's code.",
        "id_token_missing": "The identity provider's answer holds no ID token.",
        "id_token_refused": "The identity provider's ID token is not valid.",
        "step_up_not_met": "The identity provider did not confirm a fresh and strong sign-in.",
        "groups_overage": "Your account is in more groups than the identity provider sends, so your rights "
        "cannot be worked out. Ask an administrator to send fewer groups.",
        "person_disabled": "This account is disabled. Ask an administrator.",
        "provider_unavailable": "The identity provider does not answer. Please try again in a moment.",
        "refresh_refused": "The identity provider no longer confirms this session. Please sign in again.",
        "not_refreshable": "The identity provider gave nothing to confirm this session with.",
    }


class LogoutRefusedError(SsoError):
    """A logout token that must sign nobody out."""


class TokenError(SsoError):
    """A bearer token that is not accepted."""

    sentences: ClassVar[dict[str, str]] = {
        "malformed": "The token is not a signed JWT.",
        "unknown_issuer": "The token's issuer is not trusted here.",
        "issuer_unavailable": "The token's issuer does not answer, so the token cannot be checked.",
        "not_an_access_token": "The token is not an access token.",
        "binding_unknown": "The token is bound to its sender in a way that is not understood here.",
        "dpop_missing": "This token is bound to a key: send it as `Authorization: DPoP` with a proof.",
        "dpop_unbound": "This token is bound to no key: send it as `Authorization: Bearer`.",
        "dpop_malformed": "The proof in `DPoP` cannot be used.",
        "dpop_key": "The proof was made with another key than the token's.",
        "dpop_request": "The proof is about another request.",
        "dpop_token": "The proof is about another token.",
        "dpop_time": "The proof is too old, or from a clock that is ahead.",
        "dpop_replayed": "The proof was used before.",
    }


class KeyRefusedError(SsoError):
    """A key that is not accepted. Why, only who holds its secret is told."""

    sentences: ClassVar[dict[str, str]] = {
        "key_malformed": "This key is mistyped or cut off.",
        "key_refused": "This key is not known here.",
        "key_ended": "This key has ended; make a new one.",
        "key_revoked": "This key was revoked.",
        "key_owner_gone": "Whom this key belongs to may not sign in any more.",
    }


class ProviderError(SsoError):
    """An identity provider whose metadata or keys cannot be had or trusted."""

    sentences: ClassVar[dict[str, str]] = {
        "provider_unavailable": "The identity provider does not answer.",
        "discovery_issuer_mismatch": "The identity provider's metadata names another issuer than configured.",
        "discovery_malformed": "The identity provider's metadata cannot be used.",
        "keys_malformed": "The identity provider's key set cannot be used.",
    }


class DirectoryError(SsoError):
    """A directory that does not answer, or not everything that was asked."""

    sentences: ClassVar[dict[str, str]] = {
        "directory_unavailable": "Keycloak does not answer within 5 seconds.",
        "directory_credential": "Keycloak refuses our client or its secret.",
        "directory_role_missing": "Keycloak refuses to show this: our client lacks a role there.",
        "directory_not_found": "Keycloak knows no such realm or object.",
        "directory_changed": "People came or went in Keycloak while everything was read; it is read again.",
    }
