"""What it costs to know who calls, once they are known: processor time of one authentication, each way."""

import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import httpx2
from sqlmodel import col, select

from console import runtime
from console.bearers import bearer_principal
from console.installation import migrate_all
from console.security import session_principal
from console.services import Services, build
from console.settings import load_settings
from console.sign_in.admission import start_session
from console.sign_in.providers import Providers, configured_issuers, dev_issuer
from sso import sessions
from sso.claims import IdTokenClaims
from sso.dev.people import DEMO_PEOPLE
from sso.dev.provider import DevProvider
from sso.dev.tokens import issue_token
from sso.models import Profile
from sso.principal import Principal
from tests.bench.result import Result, Row, median_row
from tests.console.begun import TESTS, begin
from tests.soak.revocation_site import key_of

ROUNDS, EACH = 7, 3_000
FLOOR_MICROSECONDS, AIM_MICROSECONDS = 150.0, 50.0
Authenticate = Callable[[], Awaitable[Principal]]


def measure() -> Result:
    """Measure every way in."""
    return Result("authenticate", runtime.run(_measure()))


async def _measure() -> list[Row]:
    async with _services() as services:
        ways = {
            "session": await _by_session(services),
            "token": _by_token(services),
            "key": await _by_key(services),
        }
        return [_row(name, [await _round(way) for _ in range(ROUNDS)]) for name, way in ways.items()]


def _row(name: str, rounds: list[float]) -> Row:
    what = f"processor time to know a caller again by {name}"
    return median_row(what, "µs", rounds, FLOOR_MICROSECONDS, AIM_MICROSECONDS, lower_is_better=True)


async def _round(authenticate: Authenticate) -> float:
    await authenticate()
    await authenticate()  # the first may have been written down, so only the second is remembered
    began = time.process_time()
    for _ in range(EACH):
        await authenticate()
    return (time.process_time() - began) / EACH * 1e6


@asynccontextmanager
async def _services() -> AsyncIterator[Services]:
    with tempfile.TemporaryDirectory() as folder:
        settings = load_settings(data=Path(folder) / "var")
        await migrate_all(settings)
        await begin(settings, lambda: time.time_ns() // 1_000)
        built = build(settings)
        provider = DevProvider(dev_issuer(settings), settings.data / "dev-idp.key", DEMO_PEOPLE, built.clock)
        http = httpx2.AsyncClient(transport=httpx2.ASGITransport(app=provider))
        services = replace(built, sign_in=Providers(configured_issuers(settings), http, built.clock))
        await services.feed.start()
        yield services
        await http.aclose()
        await services.close()


async def _by_session(services: Services) -> Authenticate:
    issuer, now = dev_issuer(services.settings), services.clock() // 1_000_000
    claims = IdTokenClaims(issuer, DEMO_PEOPLE["member"].subject, now + 300, now, auth_time=now)
    cookie = (await start_session(services, claims, None, TESTS)).session.cookie_value

    async def authenticate() -> Principal:
        found = await session_principal(services, cookie)
        sessions.csrf_token(cookie, services.csrf_key)
        return found

    return authenticate


def _by_token(services: Services) -> Authenticate:
    settings = services.settings
    key, issuer = settings.data / "dev-idp.key", dev_issuer(settings)
    header = f"Bearer {issue_token(key, issuer, 'member', False, services.clock())}"
    return lambda: bearer_principal(services, header)


async def _by_key(services: Services) -> Authenticate:
    async with services.database.write() as session:
        member = (await session.exec(select(Profile).where(col(Profile.handle) == "member"))).one()
        text, row = key_of(services, member.person_id, services.clock())
        session.add(row)
    header = f"Bearer {text}"
    return lambda: bearer_principal(services, header)
