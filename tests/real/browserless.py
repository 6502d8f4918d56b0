"""A sign-in through a provider's own login pages over plain HTTP, without a browser.

Keycloak marks its cookies Secure even on http://127.0.0.1, so no cookie jar would send them back: `Browser`
keeps name and value alone. It never follows a redirect by itself; the caller sees every step.
"""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
import secrets
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any, Protocol
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

from tests.patience import PATIENCE

STEPS = 12
REDIRECT_URI = "http://127.0.0.1:8400/sign-in/callback"


class Provider(Protocol):
    """What a sign-in needs to know of an identity provider."""

    @property
    def issuer(self) -> str: ...
    @property
    def client_id(self) -> str: ...
    @property
    def client_secret(self) -> str: ...
    @property
    def people(self) -> dict[str, str]: ...


class SignInRefusedError(AssertionError):
    """The provider did not answer with a code: the login page's own words, or the error it sent back."""


@dataclass(frozen=True)
class Answer:
    """One HTTP answer: status, headers by lower-case name, text, and the address that gave it."""

    status: int
    headers: dict[str, str]
    text: str
    url: str

    @property
    def location(self) -> str | None:
        """Where a redirect points, absolute."""
        target = self.headers.get("location")
        return urljoin(self.url, target) if target else None


@dataclass
class Browser:
    """Cookies by host, and one request at a time."""

    cookies: dict[str, dict[str, str]] = field(default_factory=dict)

    def get(self, url: str) -> Answer:
        return self._send("GET", url, None, {})

    def post(self, url: str, form: dict[str, str]) -> Answer:
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        return self._send("POST", url, urlencode(form).encode(), kind)

    def _send(self, method: str, url: str, body: bytes | None, headers: dict[str, str]) -> Answer:
        parts = urlsplit(url)
        jar = self.cookies.setdefault(parts.netloc, {})
        if jar:
            headers = {**headers, "Cookie": "; ".join(f"{name}={value}" for name, value in jar.items())}
        connection = http.client.HTTPConnection(parts.netloc, timeout=PATIENCE)
        try:
            target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            connection.request(method, target, body=body, headers=headers)
            response = connection.getresponse()
            text = response.read().decode("utf-8", "replace")
        finally:
            connection.close()
        for cookie in response.headers.get_all("Set-Cookie") or []:
            _keep(jar, cookie)
        return Answer(response.status, {k.lower(): v for k, v in response.headers.items()}, text, url)


def _keep(jar: dict[str, str], cookie: str) -> None:
    pair, *attributes = cookie.split(";")
    name, _, value = pair.strip().partition("=")
    ended = any(a.strip().lower() == "max-age=0" for a in attributes)
    if ended or not value:
        jar.pop(name, None)
    else:
        jar[name] = value


class LoginPage(HTMLParser):
    """The first form that posts, its named inputs, and the text of Keycloak's error element."""

    def __init__(self) -> None:
        super().__init__()
        self.action: str | None = None
        self.fields: dict[str, str] = {}
        self.error = ""
        self._inside = self._in_error = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form" and self.action is None and given.get("method", "").lower() == "post":
            self.action, self._inside = given.get("action", ""), True
        elif tag in {"input", "button"} and self._inside and given.get("name"):
            self.fields[given["name"]] = given.get("value", "")
        self._in_error = self._in_error or given.get("id", "").startswith("input-error")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._inside = False
        self._in_error = False

    def handle_data(self, data: str) -> None:
        if self._in_error:
            self.error += data.strip()


def walk_login(url: str, person: str, password: str, *, until: str, browser: Browser | None = None) -> str:
    """Answer every login form from `url` on until a redirect starts with `until`; return that address.

    Raises:
        SignInRefusedError: a page without a form, or one that says why it refused.
    """
    browser = browser or Browser()
    answer = browser.get(url)
    for _ in range(STEPS):
        target = answer.location
        if target is not None and target.startswith(until):
            return target
        answer = browser.get(target) if target else _submit(browser, answer, person, password)
    raise SignInRefusedError(f"no redirect to the client after {STEPS} steps")


def _submit(browser: Browser, answer: Answer, person: str, password: str) -> Answer:
    page = LoginPage()
    page.feed(answer.text)
    if page.error or page.action is None:
        raise SignInRefusedError(f"the provider answered {answer.status}: {page.error or answer.text[:300]}")
    known = {"username": person, "password": password}
    fields = {**page.fields, **_only(known, page.fields)}
    if "accept" in fields:  # of the buttons of a consent page one is pressed
        fields.pop("cancel", None)
    return browser.post(urljoin(answer.url, page.action), fields)


def _only(known: dict[str, str], wanted: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in known.items() if name in wanted}


def sign_in(
    provider: Provider,
    person: str,
    *,
    acr_values: str | None = None,
    max_age: int | None = None,
    redirect_uri: str = REDIRECT_URI,
    scope: str = "openid",
    verifier: str | None = None,
    browser: Browser | None = None,
) -> dict[str, str]:
    """Sign `person` in by the code flow with PKCE S256 and return the callback's parameters.

    Adds `code_verifier` and `nonce`, which the token request and the ID-token check need (RFC 7636, OpenID
    Connect Core 3.1.2).

    Raises:
        SignInRefusedError: the provider sent no code.
    """
    verifier = verifier or secrets.token_urlsafe(48)
    nonce, state = secrets.token_urlsafe(16), secrets.token_urlsafe(16)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    query = {
        "response_type": "code",
        "client_id": provider.client_id,
        "redirect_uri": redirect_uri,
        "scope": scope,
        "state": state,
        "nonce": nonce,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
        **({"acr_values": acr_values} if acr_values else {}),
        **({"max_age": str(max_age)} if max_age is not None else {}),
    }
    address = f"{provider.issuer}/protocol/openid-connect/auth?{urlencode(query)}"
    callback = walk_login(address, person, provider.people[person], until=redirect_uri, browser=browser)
    answered = dict(parse_qsl(urlsplit(callback).query))
    if "code" not in answered or answered.get("state") != state:
        raise SignInRefusedError(f"the provider answered {answered.get('error', 'another state')}")
    return {**answered, "code_verifier": verifier, "nonce": nonce}


def exchange(
    provider: Provider, callback: dict[str, str], redirect_uri: str = REDIRECT_URI
) -> dict[str, Any]:
    """Exchange a code for tokens (RFC 6749 section 4.1.3) and return the provider's answer."""
    form = {
        "grant_type": "authorization_code",
        "code": callback["code"],
        "redirect_uri": redirect_uri,
        "client_id": provider.client_id,
        "client_secret": provider.client_secret,
        "code_verifier": callback["code_verifier"],
    }
    answer = Browser().post(f"{provider.issuer}/protocol/openid-connect/token", form)
    if answer.status != http.client.OK:
        raise SignInRefusedError(f"the token endpoint answered {answer.status}: {answer.text[:300]}")
    tokens: dict[str, Any] = json.loads(answer.text)
    return tokens


def access_token(provider: Provider, person: str, *, step_up: bool = False) -> str:
    """An access token for `person`; with `step_up`, one that a fresh password raised to acr `gold`."""
    asked: dict[str, Any] = {"acr_values": "gold", "max_age": 0} if step_up else {}
    return str(exchange(provider, sign_in(provider, person, **asked))["access_token"])


def claims(token: str) -> dict[str, Any]:
    """The payload of a JWT, unverified: for looking at what a provider put in."""
    payload = token.split(".")[1]
    read: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return read
