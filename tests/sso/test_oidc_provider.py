"""Sign-out, logout tokens and the device flow of `oidc-provider`: what Keycloak alone does not show."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from urllib.parse import parse_qsl, urljoin, urlsplit

import httpx2
import pytest
from pydantic import SecretStr

from console.cli import device_flow
from console.cli.logins import Login
from console.clock import system_clock
from console.database import Database
from sso import sessions
from sso.claims import IdTokenClaims
from sso.directory import admit
from sso.errors import LogoutRefusedError, SignInError
from sso.logout_token import believe_logout_token
from sso.metadata import ProviderMetadata
from sso.oidc import RelyingParty
from sso.settings import IssuerSettings, SessionSettings
from sso.sign_outs import sign_out
from sso.tokens import BearerVerifier
from tests.patience import PATIENCE
from tests.real.browserless import Browser, LoginPage, SignInRefusedError, walk_login
from tests.real.oidc_provider_server import OidcProviderServer

pytestmark = pytest.mark.real

CALLBACK = "http://127.0.0.1:8400/sign-in/callback"
HOME = "http://127.0.0.1:8400/sign-in"
CLIENT = "guildhall-cli"


@dataclass
class Certified:
    """A relying party of the certified provider."""

    server: OidcProviderServer
    metadata: ProviderMetadata
    party: RelyingParty

    async def sign_in(self, browser: Browser) -> IdTokenClaims:
        started = await self.party.start(redirect_uri=CALLBACK, next_path="/")
        landed = await asyncio.to_thread(
            walk_login, started.url, "member", "any", until=CALLBACK, browser=browser
        )
        return await self.party.finish(started.row, dict(parse_qsl(urlsplit(landed).query)), CALLBACK)

    async def leave(self, browser: Browser, claims: IdTokenClaims) -> str | None:
        """Sign out as the console does, say yes on the provider's page, and return where it leads."""
        address = await self.party.sign_out_url(HOME, claims.kept.id_token if claims.kept else None)
        page = LoginPage()
        page.feed((await asyncio.to_thread(browser.get, address or "")).text)
        assert page.action is not None
        form = {**page.fields, "logout": "yes"}
        sent = await asyncio.to_thread(browser.post, urljoin(self.server.issuer, page.action), form)
        return sent.location

    async def told(self) -> list[str]:
        """Every logout token that it has sent."""
        found: list[str] = (await self.metadata.http.get(f"{self.server.issuer}/logged-out")).json()
        return found


@pytest.fixture
async def certified(oidc_provider: OidcProviderServer) -> AsyncIterator[Certified]:
    settings = IssuerSettings(
        url=oidc_provider.issuer,
        client_id=oidc_provider.client_id,
        client_secret=SecretStr(oidc_provider.client_secret),
    )
    async with httpx2.AsyncClient(trust_env=False, timeout=PATIENCE) as http:
        metadata = ProviderMetadata(settings, http, system_clock)
        yield Certified(oidc_provider, metadata, RelyingParty(settings, metadata, system_clock))


async def test_signing_out_leads_back_and_ends_the_providers_session(certified: Certified) -> None:
    browser = Browser()
    claims = await certified.sign_in(browser)
    assert await certified.leave(browser, claims) == HOME
    assert claims.kept is not None
    with pytest.raises(SignInError) as refused:
        await certified.party.refresh(claims.kept, claims.subject)
    assert refused.value.reason == "refresh_refused"


async def test_case_28_its_logout_token_ends_its_session_and_the_others_must_be_confirmed(
    certified: Certified, database: Database
) -> None:
    here, there, before = Browser(), Browser(), len(await certified.told())
    claims = [await certified.sign_in(browser) for browser in (here, there)]
    async with database.write() as db:
        kept = [
            await sessions.create(
                db,
                person_id=(await admit(db, one, [], system_clock())).person.id,
                claims=one,
                now=system_clock(),
                settings=SessionSettings(),
            )
            for one in claims
        ]
    await certified.leave(here, claims[0])
    (token,) = (await certified.told())[before:]
    now = system_clock() // 1_000_000
    believed = await believe_logout_token(token, metadata=certified.metadata, now=now)
    assert (believed.sid, believed.subject) == (claims[0].sid, "member")
    async with database.write() as db:
        assert (await sign_out(db, believed, system_clock())).ended == 1
    async with database.read() as db:
        assert await sessions.find(db, kept[0].cookie_value, system_clock()) is None
        other = await sessions.find(db, kept[1].cookie_value, system_clock())
        assert other is not None
        assert other.must_refresh is not None
    with pytest.raises(LogoutRefusedError, match="used before"):
        async with database.write() as db:
            await sign_out(db, believed, system_clock())


async def test_case_27_its_id_token_signs_nobody_out(certified: Certified) -> None:
    claims = await certified.sign_in(Browser())
    assert claims.kept is not None
    with pytest.raises(LogoutRefusedError):
        await believe_logout_token(
            claims.kept.id_token, metadata=certified.metadata, now=system_clock() // 1_000_000
        )


async def test_the_command_line_is_let_in_and_its_token_is_believed(certified: Certified) -> None:
    issuer = certified.server.issuer

    def run() -> Login:
        provider = device_flow.read_provider(issuer)
        begun = device_flow.begin(provider, CLIENT)
        with pytest.raises(SignInRefusedError, match="Sign-in Success"):  # its last page leads nowhere
            walk_login(begun["verification_uri_complete"], "member", "any", until=CALLBACK)
        return device_flow.wait(provider, CLIENT, begun, pause=lambda _: None)

    login = await asyncio.to_thread(run)
    verifier = BearerVerifier({issuer: certified.metadata}, clock=system_clock)
    assert (await verifier.verify(login.access_token)).sub == "member"


async def test_case_46_a_code_that_nobody_confirmed_gives_nothing(certified: Certified) -> None:
    def poll() -> str:
        provider = device_flow.read_provider(certified.server.issuer)
        begun = device_flow.begin(provider, CLIENT)
        form = {"grant_type": device_flow.GRANT, "device_code": begun["device_code"], "client_id": CLIENT}
        return str(device_flow.fetch_json(provider["token_endpoint"], form)["error"])

    assert await asyncio.to_thread(poll) == "authorization_pending"
