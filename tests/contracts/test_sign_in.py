"""One sign-in contract on every provider: the development one over HTTP, Keycloak, oidc-provider of npm."""

import asyncio
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import httpx2
import pytest
import uvicorn
from pydantic import SecretStr

from console.clock import system_clock
from sso.claims import IdTokenClaims
from sso.dev.people import DEMO_PEOPLE
from sso.dev.provider import DevProvider
from sso.dev.tokens import STEP_UP_ACR
from sso.errors import SignInError, TokenError
from sso.metadata import ProviderMetadata
from sso.oidc import RelyingParty, StartedSignIn
from sso.outbound import oidc_app
from sso.provider_checks import check_provider
from sso.settings import IssuerSettings
from sso.tokens import BearerVerifier
from tests.patience import PATIENCE
from tests.real.browserless import walk_login
from tests.real.keycloak_server import KeycloakServer
from tests.real.oidc_provider_server import OidcProviderServer

CALLBACK = "http://127.0.0.1:8400/sign-in/callback"


@dataclass(frozen=True)
class Known:
    """A provider, how to walk through its pages, and the member and owner it knows."""

    settings: IssuerSettings
    walk: Callable[[str, str], str]
    member: str
    owner: str


@contextmanager
def serving(app: DevProvider, listener: socket.socket) -> Iterator[None]:
    config = uvicorn.Config(app, loop="asyncio", http="h11", ws="none", lifespan="off", log_level="warning")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listener],))
    thread.start()
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(timeout=PATIENCE)


@pytest.fixture(scope="module")
def dev(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Known]:
    listener = socket.create_server(("127.0.0.1", 0))
    issuer = f"http://127.0.0.1:{listener.getsockname()[1]}/dev-idp"
    key = tmp_path_factory.mktemp("dev") / "dev-idp.key"
    app = DevProvider(issuer, key, DEMO_PEOPLE, system_clock, redirect_uris={CALLBACK})
    settings = IssuerSettings(url=issuer, step_up_acr=(STEP_UP_ACR,))
    with serving(app, listener):
        yield Known(settings, press_button, "member", "owner")


def press_button(url: str, person: str) -> str:
    with httpx2.Client(trust_env=False, timeout=PATIENCE) as browser:
        assert DEMO_PEOPLE[person].name in browser.get(url).text
        return str(browser.post(url, data={"person": person}).headers["location"])


@pytest.fixture(scope="module")
def real(keycloak: KeycloakServer) -> Known:
    settings = IssuerSettings(
        url=keycloak.issuer,
        client_id=keycloak.client_id,
        client_secret=SecretStr(keycloak.client_secret),
        step_up_acr=("gold",),
    )
    people = keycloak.people
    walk = lambda url, person: walk_login(url, person, people[person], until=CALLBACK)  # noqa: E731 - one line
    return Known(settings, walk, "member1", "owner1")


@pytest.fixture(scope="module")
def certified(oidc_provider: OidcProviderServer) -> Known:
    settings = IssuerSettings(
        url=oidc_provider.issuer,
        client_id=oidc_provider.client_id,
        client_secret=SecretStr(oidc_provider.client_secret),
        step_up_acr=("gold",),
    )
    walk = lambda url, person: walk_login(url, person, "any", until=CALLBACK)  # noqa: E731 - one line
    return Known(settings, walk, "member", "owner")


REAL = [pytest.mark.real]


@pytest.fixture(
    params=["dev", pytest.param("real", marks=REAL), pytest.param("certified", marks=REAL)], scope="module"
)
def known(request: pytest.FixtureRequest) -> Known:
    found: Known = request.getfixturevalue(request.param)
    return found


@dataclass(frozen=True)
class Console:
    """The parts of the console that take part in a sign-in."""

    known: Known
    metadata: ProviderMetadata
    party: RelyingParty
    verifier: BearerVerifier

    async def start(self, *, step_up: bool = False) -> StartedSignIn:
        return await self.party.start(redirect_uri=CALLBACK, next_path="/models", step_up=step_up)

    async def walk(self, url: str, person: str) -> dict[str, str]:
        location = await asyncio.to_thread(self.known.walk, url, person)
        return dict(parse_qsl(urlsplit(location).query))

    async def finish(self, started: StartedSignIn, params: dict[str, str]) -> IdTokenClaims:
        return await self.party.finish(started.row, params, CALLBACK)

    async def sign_in(self, person: str, *, step_up: bool = False) -> IdTokenClaims:
        started = await self.start(step_up=step_up)
        return await self.finish(started, await self.walk(started.url, person))

    async def tokens(self, person: str, *, step_up: bool = False) -> dict[str, str]:
        started = await self.start(step_up=step_up)
        params = await self.walk(started.url, person)
        app = oidc_app(self.known.settings, await self.metadata.document(), self.metadata.http)
        answer: dict[str, str] = await app.fetch_access_token(
            redirect_uri=CALLBACK, code=params["code"], code_verifier=started.row.code_verifier
        )
        return answer


@pytest.fixture
async def console(known: Known) -> AsyncIterator[Console]:
    async with httpx2.AsyncClient(trust_env=False, timeout=PATIENCE) as http:
        yield console_for(known, known.settings, http)


def console_for(known: Known, settings: IssuerSettings, http: httpx2.AsyncClient) -> Console:
    metadata = ProviderMetadata(settings, http, system_clock)
    party = RelyingParty(settings, metadata, system_clock)
    return Console(known, metadata, party, BearerVerifier({settings.url: metadata}, clock=system_clock))


async def refusal(attempt: Console, started: StartedSignIn, params: dict[str, str]) -> str:
    with pytest.raises(SignInError) as refused:
        await attempt.finish(started, params)
    return refused.value.reason


def without(url: str, *names: str) -> str:
    parts = urlsplit(url)
    kept = {name: value for name, value in parse_qs(parts.query).items() if name not in names}
    return parts._replace(query=urlencode(kept, doseq=True)).geturl()


async def test_somebody_signs_in_with_their_groups(console: Console) -> None:
    claims = await console.sign_in(console.known.member)

    assert claims.issuer == console.known.settings.url
    assert claims.handle == console.known.member
    assert claims.given["groups"] == ["retail"]
    assert claims.acr not in console.known.settings.step_up_acr


async def test_the_same_person_keeps_the_same_subject(console: Console) -> None:
    first = await console.sign_in(console.known.member)
    second = await console.sign_in(console.known.member)
    other = await console.sign_in(console.known.owner)

    assert first.subject == second.subject != other.subject


async def test_a_step_up_is_strong_and_fresh(console: Console) -> None:
    began = int(time.time())
    claims = await console.sign_in(console.known.owner, step_up=True)

    assert claims.acr in console.known.settings.step_up_acr
    assert claims.auth_time is not None
    assert claims.auth_time >= began - 1


@pytest.mark.parametrize("stripped", [("acr_values",), ("acr_values", "max_age")])
async def test_a_step_up_stripped_by_the_browser_is_refused(
    console: Console, stripped: tuple[str, ...]
) -> None:
    settings = console.known.settings.model_copy(update={"pushed": False})
    async with httpx2.AsyncClient(trust_env=False, timeout=PATIENCE) as http:
        console = console_for(console.known, settings, http)
        started = await console.start(step_up=True)
        params = await console.walk(without(started.url, *stripped), console.known.owner)

        assert await refusal(console, started, params) == "step_up_not_met"


async def test_a_request_that_is_pushed_shows_the_browser_nothing_to_strip(console: Console) -> None:
    started = await console.start(step_up=True)
    asked = dict(parse_qsl(urlsplit(started.url).query))
    pushed = (await console.metadata.document()).pushed_authorization_request_endpoint is not None

    assert (asked.keys() == {"client_id", "request_uri"}) is pushed
    assert ("acr_values" in asked) is not pushed


async def test_a_refresh_tells_the_same_person_and_their_groups_now(console: Console) -> None:
    claims = await console.sign_in(console.known.member)
    assert claims.kept is not None
    again = await console.party.refresh(claims.kept, claims.subject)

    assert again.kept is not None
    assert again.kept.refresh_token != claims.kept.refresh_token
    assert (again.subject, again.given["groups"]) == (claims.subject, ["retail"])
    assert again.acr not in console.known.settings.step_up_acr


async def test_a_refresh_of_somebody_elses_session_is_refused(console: Console) -> None:
    mine, theirs = await console.sign_in(console.known.member), await console.sign_in(console.known.owner)
    assert theirs.kept is not None
    with pytest.raises(SignInError) as refused:
        await console.party.refresh(theirs.kept, mine.subject)

    assert refused.value.reason == "refresh_refused:another_subject"


async def test_a_refresh_token_that_was_never_given_is_refused(console: Console) -> None:
    claims = await console.sign_in(console.known.member)
    assert claims.kept is not None
    with pytest.raises(SignInError) as refused:
        await console.party.refresh(replace(claims.kept, refresh_token="made-up"), claims.subject)

    assert refused.value.reason == "refresh_refused"


async def test_a_level_the_provider_does_not_know_is_refused(known: Known) -> None:
    wished = known.settings.model_copy(update={"step_up_acr": ("platinum",)})
    async with httpx2.AsyncClient(trust_env=False, timeout=PATIENCE) as http:
        console = console_for(known, wished, http)
        started = await console.start(step_up=True)
        params = await console.walk(started.url, known.owner)

        assert await refusal(console, started, params) == "step_up_not_met"


async def test_a_code_works_once(console: Console) -> None:
    started = await console.start()
    params = await console.walk(started.url, console.known.member)
    await console.finish(started, params)

    assert await refusal(console, started, params) == "code_exchange_failed"


async def test_a_stolen_code_is_worth_nothing_in_another_sign_in(console: Console) -> None:
    theirs, mine = await console.start(), await console.start()
    params = await console.walk(theirs.url, console.known.member)

    assert await refusal(console, mine, params) == "code_exchange_failed"


@pytest.mark.parametrize("issuer", [None, "https://evil.example"])
async def test_an_answer_without_its_issuer_is_refused(console: Console, issuer: str | None) -> None:
    started = await console.start()
    params = await console.walk(started.url, console.known.member)
    params.pop("iss")
    changed = {**params, "iss": issuer} if issuer else params

    assert await refusal(console, started, changed) == "issuer_mismatch"


async def test_an_access_token_is_believed_and_tells_the_same_person(console: Console) -> None:
    claims = await console.sign_in(console.known.owner)
    tokens = await console.tokens(console.known.owner, step_up=True)
    believed = await console.verifier.verify(tokens["access_token"])
    proof = believed.authentication()

    assert (believed.iss, believed.sub) == (claims.issuer, claims.subject)
    assert "guildhall" in believed.aud
    assert proof.scopes is None
    assert proof.is_stepped_up(int(time.time()), console.known.settings.step_up_acr)


async def test_an_ordinary_access_token_is_not_stepped_up(console: Console) -> None:
    tokens = await console.tokens(console.known.owner)
    proof = (await console.verifier.verify(tokens["access_token"])).authentication()

    assert not proof.is_stepped_up(int(time.time()), console.known.settings.step_up_acr)


async def test_no_other_token_passes_as_access_token(console: Console) -> None:
    tokens = await console.tokens(console.known.member)
    others = [tokens[name] for name in ("id_token", "refresh_token") if name in tokens]
    for other in others:
        with pytest.raises(TokenError):
            await console.verifier.verify(other)

    assert others


async def test_signing_out_is_offered(console: Console) -> None:
    address = await console.party.sign_out_url("http://127.0.0.1:8400/")

    assert address is not None
    assert address.startswith(console.known.settings.url)


async def test_the_provider_answers_a_ping(console: Console) -> None:
    await console.metadata.ping()


async def wrong(console: Console, settings: IssuerSettings) -> set[str]:
    """What the doctor finds wrong between a provider and these settings."""
    found = await check_provider(console.metadata.http, settings, console.metadata, CALLBACK, system_clock)
    return {one.name for one in found if one.mend}


async def test_the_doctor_finds_nothing_wrong_where_people_sign_in(console: Console) -> None:
    assert await wrong(console, console.known.settings) == set()


async def test_the_doctor_names_a_secret_that_is_wrong(console: Console) -> None:
    other = console.known.settings.model_copy(update={"client_secret": SecretStr("another")})
    assert await wrong(console, other) == {"secret"}


async def test_a_provider_that_is_gone_is_said_in_one_sentence() -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    issuer = f"http://127.0.0.1:{listener.getsockname()[1]}/gone"
    listener.close()
    settings = IssuerSettings(url=issuer)
    async with httpx2.AsyncClient(trust_env=False, timeout=PATIENCE) as http:
        party = RelyingParty(settings, ProviderMetadata(settings, http, system_clock), system_clock)
        with pytest.raises(SignInError, match="does not answer") as refused:
            await party.start(redirect_uri=CALLBACK, next_path="/")

    assert refused.value.reason == "provider_unavailable"
