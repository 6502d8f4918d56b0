"""A serving process that tests measure from outside, and a second one that takes rights away."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from uuid import UUID

import httpx2
import uvicorn
from uuid_utils.compat import uuid7

from console.clock import Clock
from console.installation import migrate_all, stamp
from console.models import DataClass, Route, Visibility
from console.security import site_of
from console.serve import build_asgi
from console.services import Services, build, with_decider
from console.settings import Settings, load_settings
from console.sign_in.admission import start_session
from console.sign_in.providers import Providers, configured_issuers, dev_issuer
from policy.embedded import EmbeddedDecider
from policy.models import Grant, PrincipalType
from sso.claims import IdTokenClaims
from sso.dev.key import load_key
from sso.dev.people import DEMO_PEOPLE, DemoPerson
from sso.dev.provider import DevProvider
from sso.dev.tokens import access_claims, confirm, sign
from sso.keys.form import new_key_text
from sso.models import ApiKey, Membership, Source, TeamRole
from tests.console.begun import TESTS, make_teams
from tests.console.conftest import START, Catalog, MovingClock, _model
from tests.console.gateway.clusters import ScriptedCluster, Seen, answering, dripping
from tests.console.gateway.conftest import DAY, Desk
from tests.patience import PATIENCE

OPEN = b'{"inputs":[],"open":true}'
SHUT = b'{"inputs":[]}'


@dataclass(frozen=True)
class Caller:
    """Somebody with a session, a token, a key and a grant; `team_grant` is by membership of a team."""

    id: UUID
    subject: str
    sid: str
    cookie: str
    token: str
    key: str
    key_id: UUID
    grant: UUID
    membership: UUID


@dataclass
class Site:
    """What is measured (`services`, `http`), and what acts (`elsewhere`, as another process would)."""

    services: Services
    elsewhere: Services
    desk: Desk
    http: httpx2.AsyncClient
    teams: dict[str, UUID]
    look_every: float = field(default=0.02, kw_only=True)
    """Seconds between two requests of somebody who waits to be refused."""

    async def arrive(self, *, by_team: bool) -> Caller:
        """Let somebody new come in: with a grant of their own, or by a team's."""
        services, name = self.elsewhere, uuid7().hex
        person, now = DemoPerson(name, name, "calls"), START // 1_000_000
        issuer, sid = dev_issuer(services.settings), f"sid-{name}"
        claims = IdTokenClaims(
            issuer, person.subject, now + 300, now, auth_time=now, sid=sid, handle=name, name=name
        )
        came = await start_session(services, claims, None, TESTS)
        signed = confirm(person, step_up=False, now=now)
        key = load_key(services.settings.data / "dev-idp.key")
        token = sign(key, access_claims(issuer, signed, services.clock() // 1_000_000), "at+jwt")
        member = Membership(
            person_id=came.principal.id,
            team_id=self.teams["retail"],
            role=TeamRole.MEMBER,
            managed_by=Source.MANUAL,
        )
        text, row = key_of(services, came.principal.id, START)
        await self.desk.add(member, row)
        holder = self.teams["retail"] if by_team else came.principal.id
        grant = await self.desk.grant(holder, days=100)
        if by_team:
            async with services.database.write() as session:
                (await session.get_one(Grant, grant.id)).principal_type = PrincipalType.TEAM
        return Caller(
            id=came.principal.id,
            subject=person.subject,
            sid=sid,
            cookie=came.session.cookie_value,
            token=token,
            key=text,
            key_id=row.id,
            grant=grant.id,
            membership=member.id,
        )


def key_of(services: Services, owner: UUID, now: int) -> tuple[str, ApiKey]:
    """Return the text and the row of a key that its owner has for a hundred days."""
    text, number = new_key_text(), services.peppers.newest()
    row = ApiKey(
        lookup=text.id,
        owner_id=owner,
        made_by=owner,
        name="soak",
        scopes=json.dumps(["model.invoke"]),
        pepper=number,
        digest=services.peppers.digest(number, text.secret),
        created=now,
        ends=now + 100 * DAY,
    )
    return text.text, row


@asynccontextmanager
async def open_site(folder: Path) -> AsyncIterator[Site]:
    """Serve console and gateway on a free port of loopback, in front of a cluster that answers."""
    async with open_served(load_settings(data=folder / "var"), MovingClock(), port=0) as site:
        yield site


@asynccontextmanager
async def open_served(settings: Settings, clock: Clock, *, port: int) -> AsyncIterator[Site]:
    """Serve what `settings` say at `port`, 0 for any, in front of a cluster that answers."""
    await migrate_all(settings)
    async with _services(settings, clock) as services, _services(settings, clock) as elsewhere:
        await stamp(services)
        teams = await make_teams(elsewhere)
        async with ScriptedCluster.open() as cluster, _serving(services, port) as url:
            cluster.behave = _behave
            async with httpx2.AsyncClient(base_url=url, timeout=PATIENCE) as http:
                desk = Desk(elsewhere, await _catalog(elsewhere, teams), lambda *_: "", http)
                await desk.serve(cluster.url, {"1": 100})
                yield Site(services, elsewhere, desk, http, teams)


async def _behave(seen: Seen, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    answer = dripping(b"x" * 64) if b"open" in seen.body else answering(b'{"outputs":[]}')
    await answer(seen, reader, writer)


@asynccontextmanager
async def _services(settings: Settings, clock: Clock) -> AsyncIterator[Services]:
    plain = build(settings, clock)
    await plain.decider.close()
    # A busy machine is nobody's measure.
    decider = EmbeddedDecider(decision_seconds=PATIENCE, load_seconds=PATIENCE, queue_seconds=PATIENCE)
    built = with_decider(plain, decider)
    provider = DevProvider(dev_issuer(settings), settings.data / "dev-idp.key", DEMO_PEOPLE, clock)
    own = {site_of(settings.base_url): httpx2.ASGITransport(app=provider)}
    async with httpx2.AsyncClient(mounts=own, trust_env=False) as http:
        yield replace(built, sign_in=Providers(configured_issuers(settings), http, clock))
    await built.close()


@asynccontextmanager
async def _serving(services: Services, port: int) -> AsyncIterator[str]:
    config = uvicorn.Config(
        build_asgi(services, "all"),
        port=port,
        lifespan="on",
        log_config=None,
        server_header=False,
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    while not server.started and not serving.done():  # noqa: ASYNC110 - the server tells nobody
        await asyncio.sleep(0.01)
    found = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{found}"
    server.should_exit = True
    await serving


async def _catalog(services: Services, teams: dict[str, UUID]) -> Catalog:
    model = _model(teams["risk"], "risk", "credit-default", Visibility.LISTED, DataClass.PERSONAL)
    route = Route(name="risk.credit-default", model_id=model.id, created=START)
    async with services.database.write() as session:
        session.add(model)
        await session.flush()
        session.add(route)
    return Catalog(route, route)
