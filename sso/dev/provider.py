"""The development OpenID provider, a bare ASGI app for the console to mount at its issuer's path."""

from collections.abc import Callable, Collection, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from sso.clock import Clock, seconds
from sso.dev import pages
from sso.dev.codes import CodeGrant, Codes
from sso.dev.device_pages import DevicePages
from sso.dev.devices import DeviceError, Devices
from sso.dev.discovery import DEVICE_GRANT, discovery_document
from sso.dev.key import ALGORITHM, load_key
from sso.dev.messages import (
    Receive,
    Reply,
    Scope,
    Send,
    json_reply,
    read_form,
    redirect,
    send_reply,
    single_values,
)
from sso.dev.people import DemoPerson
from sso.dev.refreshing import RefreshTokens
from sso.dev.requests import (
    AuthorizationRequest,
    BadRequestError,
    UntrustedRequestError,
    proves_challenge,
    read_authorization,
    trusted_redirect,
)
from sso.dev.tokens import (
    ACCESS_TOKEN_LIFETIME,
    CLIENT_ID,
    DEVICE_CLIENT_ID,
    Confirmation,
    access_claims,
    confirm,
    id_claims,
    sign,
)

CALLBACK = "/sign-in/callback"
CLIENTS = frozenset({CLIENT_ID, DEVICE_CLIENT_ID})


class DevProvider:
    """Answers for one public client with PKCE, and for the command line by the device flow.

    `redirect_uris` defaults to the console's callback at the issuer's own address.
    """

    def __init__(
        self,
        issuer: str,
        key_path: Path,
        people: Mapping[str, DemoPerson],
        clock: Clock,
        redirect_uris: Collection[str] = (),
    ) -> None:
        self.issuer = issuer
        self._key_path = key_path
        self._people = people
        self._clock = clock
        self._where = urlsplit(issuer)
        self._origin = f"{self._where.scheme}://{self._where.netloc}"
        self._redirect_uris = frozenset(redirect_uris) or frozenset({self._origin + CALLBACK})
        self._codes = Codes()
        self.devices = Devices()
        self.refresh_tokens = RefreshTokens(issuer, people)
        self._device_pages = DevicePages(self.devices, people, issuer)

    @cached_property
    def key(self) -> ECKey:
        """The signing key, read or made when first needed."""
        return load_key(self._key_path)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request; the path may or may not still carry the issuer's own path."""
        if scope["type"] != "http":
            return
        try:
            reply = await self._answer(scope, receive)
        except BadRequestError as error:
            reply = redirect(self.callback(error.address, error.state, error=error.code))
        except ValueError as error:
            reply = Reply(400, pages.message_page("This cannot be done", str(error)))
        await send_reply(send, reply)

    async def _answer(self, scope: Scope, receive: Receive) -> Reply:
        hosts = [value.decode("latin-1") for name, value in scope["headers"] if name == b"host"]
        # Another host name pointing at loopback is DNS rebinding.
        if hosts != [self._where.netloc]:
            return Reply(421, pages.message_page("Wrong address", f"Use {self._origin}."))
        path = "/" + scope["path"].removeprefix(self._where.path.rstrip("/")).strip("/")
        query = scope["query_string"].decode("ascii")
        if scope["method"] == "POST":
            form = await read_form(receive)
            posts: dict[str, Callable[[], Reply]] = {
                "/authorize": lambda: self.confirmed(query, form.get("person", "")),
                "/token": lambda: self.token(form),
                "/revoke": lambda: self.revoked(form),
                "/device_authorization": lambda: self._device_pages.authorize(form, self._now()),
                "/device": lambda: self._device_pages.post(form, self._now()),
            }
            return posts.get(path, _not_found)()
        gets: dict[str, Callable[[], Reply]] = {
            "/.well-known/openid-configuration": lambda: json_reply(self.discovery()),
            "/jwks": lambda: json_reply(self.jwks()),
            "/authorize": lambda: self.choice(query),
            "/device": lambda: self._device_pages.get(single_values(query), self._now()),
            "/end_session": lambda: self.signed_out(single_values(query)),
            "/style.css": lambda: Reply(body=pages.STYLE, kind="text/css"),
        }
        return gets.get(path, _not_found)() if scope["method"] == "GET" else _not_found()

    def discovery(self) -> dict[str, Any]:
        """Return the provider's metadata."""
        return discovery_document(self.issuer)

    def jwks(self) -> dict[str, Any]:
        """Return the public key set (RFC 7517)."""
        return {"keys": [{**self.key.as_dict(private=False), "use": "sig", "alg": ALGORITHM}]}

    def choice(self, query: str) -> Reply:
        """Ask who is there."""
        asked = self._asked(query)
        return Reply(body=pages.choice_page(self._people.values(), query, confirm=asked.confirm))

    def confirmed(self, query: str, handle: str) -> Reply:
        """Send the browser back with a code for the person who was chosen."""
        asked = self._asked(query)
        if handle not in self._people:
            raise UntrustedRequestError("Nobody of that name is in the demo.")
        signed_in = confirm(self._people[handle], step_up=asked.step_up, now=self._now())
        code = self._codes.give(CodeGrant(asked, signed_in, self._now()))
        return redirect(self.callback(asked.redirect_uri, asked.state, code=code))

    def _asked(self, query: str) -> AuthorizationRequest:
        params = single_values(query)
        return read_authorization(params, trusted_redirect(params, self._redirect_uris))

    def callback(self, address: str, state: str, **answer: str) -> str:
        """Return the address that carries the answer, with the issuer in it (RFC 9207)."""
        return f"{address}?{urlencode({**answer, 'state': state, 'iss': self.issuer})}"

    def token(self, form: Mapping[str, str]) -> Reply:
        """Exchange a code, a refresh token or a device's code for tokens (RFC 6749 section 4.1.3)."""
        grants: dict[str, Callable[[Mapping[str, str]], Reply]] = {
            "authorization_code": self._by_code,
            "refresh_token": self._by_refresh_token,
            DEVICE_GRANT: self._by_device,
        }
        answer = grants.get(form.get("grant_type", ""))
        if answer is None:
            return json_reply({"error": "unsupported_grant_type"}, 400)
        if form.get("client_id") not in CLIENTS:
            return json_reply({"error": "invalid_client"}, 401)
        return answer(form)

    def _by_code(self, form: Mapping[str, str]) -> Reply:
        grant = self._codes.take(form.get("code", ""), self._now())
        if grant is None or form["client_id"] != CLIENT_ID or not self.may_exchange(grant, form):
            return json_reply({"error": "invalid_grant"}, 400)
        return json_reply(self.token_answer(grant))

    def _by_refresh_token(self, form: Mapping[str, str]) -> Reply:
        given, client = form.get("refresh_token", ""), form["client_id"]
        signed_in = self.refresh_tokens.take(self.key, given, client, self._now())
        if signed_in is None:
            return json_reply({"error": "invalid_grant"}, 400)
        return json_reply(self.tokens(signed_in, None, client))

    def _by_device(self, form: Mapping[str, str]) -> Reply:
        try:
            signed_in = self.devices.poll(form.get("device_code", ""), form["client_id"], self._now())
        except DeviceError as error:
            return json_reply({"error": error.code}, 400)
        return json_reply(self.tokens(signed_in, None, form["client_id"]))

    def may_exchange(self, grant: CodeGrant, form: Mapping[str, str]) -> bool:
        """Say whether the caller is who asked for the code."""
        same_address = form.get("redirect_uri") == grant.request.redirect_uri
        return same_address and proves_challenge(form.get("code_verifier", ""), grant.request.code_challenge)

    def token_answer(self, grant: CodeGrant) -> dict[str, Any]:
        """Return the tokens of a sign-in."""
        return self.tokens(grant.signed_in, grant.request.nonce, CLIENT_ID)

    def tokens(self, signed_in: Confirmation, nonce: str | None, client_id: str) -> dict[str, Any]:
        """Return the tokens of somebody who signed in, for a client."""
        now = self._now()
        access = sign(self.key, access_claims(self.issuer, signed_in, now, client_id), "at+jwt")
        claims = id_claims(self.issuer, signed_in, nonce, access, now, client_id=client_id)
        return {
            "access_token": access,
            "token_type": "Bearer",
            "expires_in": ACCESS_TOKEN_LIFETIME,
            "refresh_token": self.refresh_tokens.give(self.key, signed_in, client_id, now),
            "id_token": sign(self.key, claims),
        }

    def revoked(self, form: Mapping[str, str]) -> Reply:
        """End the sign-in of a refresh token (RFC 7009 section 2.2: 200 whatever the token)."""
        self.refresh_tokens.revoke(self.key, form.get("token", ""), form.get("client_id", ""), self._now())
        return json_reply({})

    def signed_out(self, params: Mapping[str, str]) -> Reply:
        """End the sign-in of the ID token, and send the browser back to the application."""
        if (sid := self._sid_of(params.get("id_token_hint", ""))) is not None:
            self.refresh_tokens.end(sid)
        address = params.get("post_logout_redirect_uri", "")
        if address.startswith(self._origin + "/"):
            return redirect(address)
        return Reply(body=pages.message_page("Signed out", "You are signed out."))

    def _sid_of(self, id_token: str) -> str | None:
        try:
            # One that has ended still says which sign-in it was (RP-Initiated Logout 1.0 section 2).
            claims = jwt.decode(id_token, self.key, algorithms=[ALGORITHM]).claims
        except (JoseError, ValueError):
            return None
        return str(claims["sid"]) if claims.get("iss") == self.issuer and "sid" in claims else None

    def _now(self) -> int:
        return seconds(self._clock())


def _not_found() -> Reply:
    return Reply(404, pages.message_page("Not found", "There is nothing here."))
