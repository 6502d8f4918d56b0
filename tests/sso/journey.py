"""A browser's part in a sign-in at the development provider, without a browser."""

from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import httpx2

from sso.claims import IdTokenClaims
from sso.dev.people import DEMO_PEOPLE
from sso.dev.provider import DevProvider
from sso.dev.tokens import STEP_UP_ACR
from sso.metadata import ProviderMetadata
from sso.oidc import RelyingParty, StartedSignIn
from sso.settings import IssuerSettings
from sso.tokens import BearerVerifier

ORIGIN = "http://127.0.0.1:8400"
ISSUER = f"{ORIGIN}/dev-idp"
CALLBACK = f"{ORIGIN}/sign-in/callback"
START = 1_800_000_000


@dataclass
class SettableClock:
    """A clock that tests move; `now` in seconds."""

    now: int = START

    def __call__(self) -> int:
        return self.now * 1_000_000

    def forward(self, seconds: int) -> None:
        self.now += seconds


def callback_params(location: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(location).query))


async def choose(http: httpx2.AsyncClient, url: str, person: str) -> dict[str, str]:
    """Open the provider's page, press a person's button, and return the callback's parameters."""
    page = await http.get(url)
    assert page.status_code == 200, page.text
    pressed = await http.post(url, data={"person": person})
    assert pressed.status_code == 303, pressed.text
    return callback_params(pressed.headers["location"])


@dataclass
class Bench:
    """A relying party and a provider, wired together without a network."""

    provider: DevProvider
    clock: SettableClock = field(default_factory=SettableClock)

    def __post_init__(self) -> None:
        self.settings = IssuerSettings(url=ISSUER, step_up_acr=(STEP_UP_ACR,))
        self.http = httpx2.AsyncClient(transport=httpx2.ASGITransport(app=self.provider))
        self.metadata = ProviderMetadata(self.settings, self.http, self.clock)
        self.party = RelyingParty(self.settings, self.metadata, self.clock)
        self.verifier = BearerVerifier({ISSUER: self.metadata}, clock=self.clock)

    async def start(self, *, step_up: bool = False) -> StartedSignIn:
        return await self.party.start(redirect_uri=CALLBACK, next_path="/models", step_up=step_up)

    async def finish(self, started: StartedSignIn, params: dict[str, str]) -> IdTokenClaims:
        return await self.party.finish(started.row, params, CALLBACK)

    async def sign_in(self, person: str = "member", *, step_up: bool = False) -> IdTokenClaims:
        started = await self.start(step_up=step_up)
        return await self.finish(started, await choose(self.http, started.url, person))


def make_bench(folder: Path, kind: type[DevProvider] = DevProvider) -> Bench:
    clock = SettableClock()
    return Bench(kind(ISSUER, folder / "dev-idp.key", DEMO_PEOPLE, clock), clock)
