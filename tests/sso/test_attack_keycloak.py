"""Attack cases 9, 23, 27, 28, 45 and 46 on a real Keycloak: what it sends and refuses, not what we think."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs, parse_qsl, urlsplit

import httpx2
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey
from keycloak import KeycloakAdmin, KeycloakOpenIDConnection
from pydantic import SecretStr
from sqlmodel import select
from uuid_utils.compat import uuid7

from console.cli import device_flow
from console.cli.logins import Login
from console.clock import system_clock
from console.database import Database
from sso import sessions
from sso.claims import IdTokenClaims
from sso.directory import admit
from sso.dpop import Asked, check_proof, token_hash
from sso.errors import LogoutRefusedError, SignInError, TokenError
from sso.logout_token import believe_logout_token
from sso.metadata import ProviderMetadata
from sso.models import Session
from sso.oidc import RelyingParty, StartedSignIn
from sso.settings import IssuerSettings, SessionSettings
from sso.sign_outs import sign_out
from sso.signed import SignatureRefusedError, open_signed, read_header
from sso.tokens import BearerVerifier
from tests.patience import PATIENCE
from tests.real.browserless import Browser, walk_login
from tests.real.keycloak_server import KeycloakServer

pytestmark = pytest.mark.real

CALLBACK = "http://127.0.0.1:8400/sign-in/callback"
PERSON = "member1"
KEYS = "org.keycloak.keys.KeyProvider"
API = "https://guildhall.example/api/v1/me"
CLI = "guildhall-cli"
PAUSE = "oauth2.device.polling.interval"


@dataclass
class Far:
    """A relying party of the real Keycloak, and a hand on its administration."""

    server: KeycloakServer
    metadata: ProviderMetadata
    party: RelyingParty
    admin: KeycloakAdmin

    async def land(self) -> tuple[StartedSignIn, dict[str, str]]:
        """Walk through the pages and return what was begun, and the callback's parameters."""
        started = await self.party.start(redirect_uri=CALLBACK, next_path="/")
        secret = self.server.people[PERSON]
        landed = await asyncio.to_thread(walk_login, started.url, PERSON, secret, until=CALLBACK)
        return started, dict(parse_qsl(urlsplit(landed).query))

    async def sign_in(self) -> IdTokenClaims:
        started, answer = await self.land()
        return await self.party.finish(started.row, answer, CALLBACK)


@pytest.fixture
async def far(keycloak: KeycloakServer) -> AsyncIterator[Far]:
    settings = IssuerSettings(
        url=keycloak.issuer,
        client_id=keycloak.client_id,
        client_secret=SecretStr(keycloak.client_secret),
    )
    connection = KeycloakOpenIDConnection(
        server_url=keycloak.url,
        username=keycloak.admin_name,
        password=keycloak.admin_password,
        realm_name=keycloak.realm,
        user_realm_name="master",
        client_id="admin-cli",
        timeout=int(PATIENCE),
    )
    async with httpx2.AsyncClient(trust_env=False, timeout=PATIENCE) as http:
        metadata = ProviderMetadata(settings, http, system_clock)
        party = RelyingParty(settings, metadata, system_clock)
        yield Far(keycloak, metadata, party, KeycloakAdmin(connection=connection))


@dataclass
class Received:
    """Logout tokens that Keycloak posted, and where it posts them."""

    url: str
    tokens: list[str] = field(default_factory=list)
    arrived: threading.Event = field(default_factory=threading.Event)


@pytest.fixture
def received(far: Far) -> Iterator[Received]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            found.tokens += parse_qs(body)["logout_token"]
            found.arrived.set()
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    found = Received(f"http://127.0.0.1:{server.server_port}/")
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    _send_logouts_to(far, found.url)
    yield found
    _send_logouts_to(far, "")
    server.shutdown()
    thread.join()
    server.server_close()


def _send_logouts_to(far: Far, url: str) -> None:
    client = str(far.admin.get_client_id(far.server.client_id))
    attributes = far.admin.get_client(client)["attributes"]
    far.admin.update_client(client, {"attributes": {**attributes, "backchannel.logout.url": url}})


def _end_what_others_began(far: Far, received: Received) -> None:
    """Of four sessions Keycloak might name the one that another test left; nobody is told of its end."""
    _send_logouts_to(far, "")
    far.admin.user_logout(far.server.subjects[PERSON])
    _send_logouts_to(far, received.url)


async def test_case_28_keycloak_sends_one_logout_token_for_three_sessions(
    far: Far, received: Received, database: Database
) -> None:
    _end_what_others_began(far, received)
    claims = [await far.sign_in() for _ in range(3)]
    async with database.write() as db:
        for one in claims:
            person = (await admit(db, one, [], system_clock())).person.id
            await sessions.create(
                db, person_id=person, claims=one, now=system_clock(), settings=SessionSettings()
            )
    far.admin.user_logout(far.server.subjects[PERSON])
    assert await asyncio.to_thread(received.arrived.wait, PATIENCE)
    believed = await believe_logout_token(
        received.tokens[0], metadata=far.metadata, now=system_clock() // 1_000_000
    )
    async with database.write() as db:
        done = await sign_out(db, believed, system_clock())
    assert (done.ended, believed.sid in {one.sid for one in claims}) == (1, True)
    async with database.read() as db:
        marked = (await db.exec(select(Session))).all()
    assert sorted((row.revoked_at is None, row.must_refresh is None) for row in marked) == [
        (False, True),
        (True, False),
        (True, False),
    ]
    for one in claims:
        assert one.kept is not None
        with pytest.raises(SignInError) as refused:
            await far.party.refresh(one.kept, one.subject)
        assert refused.value.reason == "refresh_refused"


async def test_case_27_keycloaks_own_tokens_of_other_kinds_sign_nobody_out(far: Far) -> None:
    claims = await far.sign_in()
    assert claims.kept is not None
    for token in (claims.kept.id_token, claims.kept.refresh_token or ""):
        with pytest.raises(LogoutRefusedError):
            await believe_logout_token(token, metadata=far.metadata, now=system_clock() // 1_000_000)


async def test_case_23_a_person_disabled_at_keycloak_is_not_refreshed(far: Far) -> None:
    claims = await far.sign_in()
    assert claims.kept is not None
    subject = far.server.subjects[PERSON]
    far.admin.update_user(subject, {"enabled": False})
    try:
        with pytest.raises(SignInError) as refused:
            await far.party.refresh(claims.kept, claims.subject)
    finally:
        far.admin.update_user(subject, {"enabled": True})
    assert refused.value.reason == "refresh_refused"


async def test_signing_out_with_the_id_token_asks_nothing_and_ends_the_session(far: Far) -> None:
    claims = await far.sign_in()
    assert claims.kept is not None
    address = await far.party.sign_out_url(CALLBACK, claims.kept.id_token)
    answer = await asyncio.to_thread(Browser().get, address or "")
    assert (answer.status, answer.location) == (302, CALLBACK)
    with pytest.raises(SignInError) as refused:
        await far.party.refresh(claims.kept, claims.subject)
    assert refused.value.reason == "refresh_refused"


async def test_the_command_line_is_let_in_by_keycloak_and_its_token_is_believed(far: Far) -> None:
    issuer, client = far.server.issuer, CLI

    def run() -> Login:
        provider = device_flow.read_provider(issuer)
        begun = device_flow.begin(provider, client)
        confirm(begun["verification_uri_complete"])
        return device_flow.wait(provider, client, begun, pause=lambda _: None)

    def confirm(address: str) -> None:
        walk_login(address, PERSON, far.server.people[PERSON], until=f"{issuer}/device/status")

    login = await asyncio.to_thread(run)
    verifier = BearerVerifier({issuer: far.metadata}, clock=system_clock)
    claims = await verifier.verify(login.access_token)
    assert (claims.sub, login.refresh_token is not None) == (far.server.subjects[PERSON], True)


@pytest.fixture
def long_pause(far: Far) -> Iterator[None]:
    """Make the pause between two questions longer than a busy machine takes between them."""
    client = str(far.admin.get_client_id(CLI))
    attributes = far.admin.get_client(client)["attributes"]
    far.admin.update_client(client, {"attributes": {**attributes, PAUSE: "600"}})
    yield
    far.admin.update_client(client, {"attributes": {PAUSE: "", **attributes}})


@pytest.mark.usefixtures("long_pause")
async def test_case_46_keycloak_slows_down_who_asks_too_fast(far: Far) -> None:
    def poll() -> list[str]:
        provider = device_flow.read_provider(far.server.issuer)
        begun = device_flow.begin(provider, CLI)
        form = {"grant_type": device_flow.GRANT, "device_code": begun["device_code"], "client_id": CLI}
        return [str(device_flow.fetch_json(provider["token_endpoint"], form)["error"]) for _ in range(2)]

    assert await asyncio.to_thread(poll) == ["authorization_pending", "slow_down"]


@dataclass
class Ahead:
    """A clock that is some seconds before the system's."""

    seconds: int = 0

    def __call__(self) -> int:
        return system_clock() + self.seconds * 1_000_000


async def test_case_09_a_key_rotated_at_keycloak_is_found_and_a_withdrawn_one_believed_no_more(
    far: Far,
) -> None:
    """oidcc-client-test-signing-key-rotation: the provider signs with another key from one moment on."""
    clock = Ahead()
    metadata = ProviderMetadata(far.metadata.settings, far.metadata.http, clock)
    there = replace(far, metadata=metadata, party=RelyingParty(metadata.settings, metadata, system_clock))
    before = token_of(await there.sign_in())
    (old,) = [one for one in far.admin.get_components({"type": KEYS}) if one["providerId"] == "rsa-generated"]
    config = {"priority": ["200"], "algorithm": ["RS256"], "keySize": ["2048"]}
    about = {"providerId": "rsa-generated", "providerType": KEYS, "parentId": old["parentId"]}
    made = far.admin.create_component({"name": "rotated", "config": config, **about})
    try:
        clock.seconds = 31
        after = token_of(await there.sign_in())
        assert read_header(after)["kid"] != read_header(before)["kid"]
        far.admin.update_component(old["id"], {**old, "config": {**old["config"], "enabled": ["false"]}})
        clock.seconds = 3700
        with pytest.raises(SignatureRefusedError) as refused:
            await open_signed(before, metadata)
        assert refused.value.reason == "unknown_key"
        assert (await open_signed(after, metadata)).claims["sub"] == far.server.subjects[PERSON]
    finally:
        far.admin.update_component(old["id"], {**old, "config": {**old["config"], "enabled": ["true"]}})
        far.admin.delete_component(made)


def token_of(claims: IdTokenClaims) -> str:
    assert claims.kept is not None
    return claims.kept.id_token


async def test_case_45_a_token_that_keycloak_bound_needs_a_proof_of_its_key(far: Far) -> None:
    key, other = ECKey.generate_key("P-256"), ECKey.generate_key("P-256")
    token = await bound_token(far, key)
    claims = await BearerVerifier({far.server.issuer: far.metadata}, clock=system_clock).verify(token)
    asked, now = Asked("GET", frozenset({API})), system_clock() // 1_000_000
    assert claims.bound_to == key.thumbprint()
    check_proof(prove(key, "GET", API, token), claims.bound_to, token, asked, now)
    with pytest.raises(TokenError) as refused:
        check_proof(prove(other, "GET", API, token), claims.bound_to, token, asked, now)
    assert refused.value.reason == "dpop_key"


async def bound_token(far: Far, key: ECKey) -> str:
    """Return an access token that Keycloak binds to `key` (RFC 9449 section 5)."""
    started, answer = await far.land()
    endpoint = (await far.metadata.document()).token_endpoint
    form = {
        "grant_type": "authorization_code",
        "code": answer["code"],
        "redirect_uri": CALLBACK,
        "code_verifier": started.row.code_verifier,
    }
    said = await far.metadata.http.post(
        endpoint,
        data=form,
        auth=(far.server.client_id, far.server.client_secret),
        headers={"DPoP": prove(key, "POST", endpoint)},
    )
    assert said.json()["token_type"] == "DPoP", said.text
    return str(said.json()["access_token"])


def prove(key: ECKey, method: str, url: str, token: str | None = None) -> str:
    claims = {"htm": method, "htu": url, "iat": system_clock() // 1_000_000, "jti": uuid7().hex}
    header = {"alg": "ES256", "typ": "dpop+jwt", "jwk": key.as_dict(private=False)}
    return jwt.encode(header, claims | ({"ath": token_hash(token)} if token else {}), key)
