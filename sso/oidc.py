"""The relying party: send a browser to the provider, believe what it brings back.

Authorization code flow with PKCE S256 (RFC 7636), nonce, state, and the answer's issuer (RFC 9207).
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import urlencode

import httpx2

from sso.claims import IdTokenClaims
from sso.clock import Clock, seconds
from sso.endpoints import ask_token_endpoint, push_request
from sso.errors import ProviderError, SignInError
from sso.flows import flow_key, safe_next_path
from sso.id_token import believe_id_token, check_step_up
from sso.kept import KeptTokens
from sso.metadata import ProviderDocument, ProviderMetadata
from sso.models import SignIn
from sso.outbound import OAuthError, oidc_app
from sso.settings import IssuerSettings

KNOWN_REFUSALS = frozenset(
    {"access_denied", "login_required", "interaction_required", "consent_required", "server_error"}
    | {"temporarily_unavailable", "invalid_request", "invalid_scope", "unauthorized_client"}
    | {"unmet_authentication_requirements", "unsupported_response_type", "account_selection_required"}
)
"""Codes of RFC 6749 section 4.1.2.1 and OpenID Connect; any other text is foreign and not repeated."""

LONGEST_HINT = 4000
"""An ID token longer than this would make an address that servers refuse."""


@dataclass(frozen=True, slots=True)
class StartedSignIn:
    """Where to send the browser, what to put in its cookie, and the row to keep."""

    url: str
    cookie_value: str = field(repr=False)
    row: SignIn = field(repr=False)


class RelyingParty:
    """Signs people in at one issuer. Every method raises only `SignInError`."""

    def __init__(self, settings: IssuerSettings, metadata: ProviderMetadata, clock: Clock) -> None:
        self.settings = settings
        self.metadata = metadata
        self._clock = clock

    async def start(self, *, redirect_uri: str, next_path: str, step_up: bool = False) -> StartedSignIn:
        """Prepare a sign-in; with `step_up` a fresh and strong one is asked for."""
        cookie, state, nonce = (secrets.token_urlsafe(32) for _ in range(3))
        verifier = secrets.token_urlsafe(48)
        wanted = " ".join(self.settings.step_up_acr) if step_up else None
        asked = {"acr_values": wanted, "max_age": "0"} if step_up else {}
        document = await self._document()
        started = await oidc_app(self.settings, document, self.metadata.http).create_authorization_url(
            redirect_uri, state=state, nonce=nonce, code_verifier=verifier, **asked
        )
        url = await self._pushed(document, started["url"])
        row = SignIn(
            id_hash=flow_key(cookie, state),
            issuer=self.settings.url,
            nonce=nonce,
            code_verifier=verifier,
            next_path=safe_next_path(next_path),
            acr_requested=wanted,
            max_age=0 if step_up else None,
            created=self._clock(),
        )
        return StartedSignIn(url, cookie, row)

    async def finish(self, row: SignIn, params: Mapping[str, str], redirect_uri: str) -> IdTokenClaims:
        """Return who signed in; `params` is the query of the callback, `row` the one it took.

        Raises:
            SignInError: with the reason; no session may follow.
        """
        document = await self._document()
        _check_answer(row, params, document)
        answer = await self._exchange(document, params["code"], row.code_verifier, redirect_uri)
        claims = await self._believe(answer, row.nonce, refreshed=False)
        if row.acr_requested is not None:
            check_step_up(claims, self.settings.step_up_acr, seconds(row.created))
        return claims

    async def refresh(self, kept: KeptTokens, subject: str) -> IdTokenClaims:
        """Return who `kept` stands for now; its refresh token is used up (OpenID Connect Core section 12).

        Raises:
            SignInError: `refresh_refused` and the like: the session must end; `provider_unavailable`: nothing
                is known.
        """
        if kept.refresh_token is None:
            raise SignInError("not_refreshable")
        document = await self._document()
        answer = await ask_token_endpoint(
            self.settings,
            document,
            self.metadata.http,
            {"grant_type": "refresh_token", "refresh_token": kept.refresh_token},
        )
        claims = await self._believe(
            {"refresh_token": kept.refresh_token, **answer}, kept.nonce, refreshed=True
        )
        if claims.subject != subject:
            raise SignInError("refresh_refused:another_subject", SignInError.sentences["refresh_refused"])
        return claims

    async def sign_out_url(self, return_to: str, id_token: str | None = None) -> str | None:
        """Return where to send the browser to end the provider's session too, if the provider offers it.

        OpenID Connect RP-Initiated Logout 1.0 section 2; with the ID token it asks no question.
        """
        end = (await self._document()).end_session_endpoint
        asked = {"client_id": self.settings.client_id, "post_logout_redirect_uri": return_to}
        if id_token and len(id_token) <= LONGEST_HINT:
            asked["id_token_hint"] = id_token
        query = urlencode(asked)
        return f"{end}{'&' if '?' in end else '?'}{query}" if end else None

    async def _pushed(self, document: ProviderDocument, url: str) -> str:
        """Hand the request over directly, where that is offered: no browser can change it then (RFC 9126)."""
        endpoint = document.pushed_authorization_request_endpoint
        if endpoint is None or not self.settings.pushed:
            return url
        answer = await push_request(self.settings, endpoint, self.metadata.http, url)
        query = urlencode({"client_id": self.settings.client_id, "request_uri": answer})
        return f"{url.partition('?')[0]}?{query}"

    async def _document(self) -> ProviderDocument:
        try:
            return await self.metadata.document()
        except ProviderError as error:
            raise SignInError(error.reason, error.sentence) from None

    async def _exchange(
        self, document: ProviderDocument, code: str, verifier: str, redirect_uri: str
    ) -> Mapping[str, object]:
        app = oidc_app(self.settings, document, self.metadata.http)
        try:
            answer = await app.fetch_access_token(
                redirect_uri=redirect_uri, code=code, code_verifier=verifier, grant_type="authorization_code"
            )
        except httpx2.TransportError:
            raise SignInError("provider_unavailable") from None
        except (OAuthError, httpx2.HTTPError, ValueError):
            raise SignInError("code_exchange_failed") from None
        return answer if isinstance(answer, Mapping) else {}

    async def _believe(self, answer: Mapping[str, object], nonce: str, *, refreshed: bool) -> IdTokenClaims:
        id_token, access_token = answer.get("id_token"), answer.get("access_token")
        if not isinstance(id_token, str):
            raise SignInError("id_token_missing")
        try:
            claims = await believe_id_token(
                id_token,
                metadata=self.metadata,
                nonce=nonce,
                access_token=access_token if isinstance(access_token, str) else None,
                now=seconds(self._clock()),
                refreshed=refreshed,
            )
        except ProviderError as error:
            raise SignInError(error.reason, error.sentence) from None
        refresh_token = answer.get("refresh_token")
        kept = KeptTokens(id_token, nonce, refresh_token if isinstance(refresh_token, str) else None)
        return replace(claims, kept=kept)


def _check_answer(row: SignIn, params: Mapping[str, str], document: ProviderDocument) -> None:
    # The issuer comes first: an error, too, is only worth reading from whom was asked (RFC 9207 section 2.4).
    named = params.get("iss")
    required = document.authorization_response_iss_parameter_supported
    if document.issuer != row.issuer or (named or row.issuer) != row.issuer or (required and not named):
        raise SignInError("issuer_mismatch")
    if "error" in params:
        code = params["error"] if params["error"] in KNOWN_REFUSALS else "unknown"
        raise SignInError(f"provider_refused:{code}", SignInError.sentences["provider_refused"])
    if not params.get("code"):
        raise SignInError("code_missing")
