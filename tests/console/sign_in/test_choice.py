"""Several identity providers: people choose, and each confirms its own people only."""

from collections.abc import AsyncIterator
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from sqlmodel import select

from console.services import Services
from console.sign_in.providers import DEV_ACR, Providers, configured_issuers
from sso.dev.messages import Receive, Scope, Send
from sso.dev.people import DEMO_PEOPLE
from sso.dev.provider import DevProvider
from sso.models import Identity
from sso.settings import IssuerSettings
from tests.console.conftest import MovingClock
from tests.console.visitor import sessions_of, visit

pytestmark = pytest.mark.slow  # each builds the whole console

OTHER = "http://127.0.0.1:8999/other"


@pytest.fixture
async def two(services: Services, clock: MovingClock) -> AsyncIterator[Services]:
    """Two providers that know the same subjects, which are other people."""
    (first,) = configured_issuers(services.settings)
    callback = {f"{services.settings.base_url}/sign-in/callback"}
    folder = services.settings.data
    providers = {
        8400: DevProvider(first.url, folder / "dev-idp.key", DEMO_PEOPLE, clock),
        8999: DevProvider(OTHER, folder / "other.key", DEMO_PEOPLE, clock, callback),
    }

    async def route(scope: Scope, receive: Receive, send: Send) -> None:
        await providers[scope["server"][1]](scope, receive, send)

    http = httpx2.AsyncClient(transport=httpx2.ASGITransport(app=route))
    other = IssuerSettings(url=OTHER, name="The other company", step_up_acr=(DEV_ACR,))
    yield replace(services, http=http, sign_in=Providers((first, other), http, clock))
    await http.aclose()


async def test_people_choose_among_several_and_keep_their_way(two: Services, teams: object) -> None:
    visitor = visit(two)
    page = await visitor.client.get("/sign-in", params={"next_path": "/models?q=a"})
    assert page.status_code == 200
    assert "The other company" in page.text
    assert "127.0.0.1:8400" in page.text
    assert "next_path=%2Fmodels%3Fq%3Da" in page.text
    away = await visitor.leave(issuer=OTHER, next_path="/models?q=a")
    assert away.startswith(f"{OTHER}/authorize?")
    signed = await visitor.come_back(away, "member")
    assert (signed.status_code, signed.headers["location"]) == (302, "/models?q=a")


async def test_the_same_subject_of_two_providers_is_two_people(two: Services, teams: object) -> None:
    for issuer in (two.sign_in.default, OTHER):
        visitor = visit(two)
        await visitor.come_back(await visitor.leave(issuer=issuer), "member")
    async with two.database.read() as session:
        known = (await session.exec(select(Identity))).all()
    assert {one.issuer for one in known} == {two.sign_in.default, OTHER}
    assert len({one.person_id for one in known}) == 2
    assert len({one.subject for one in known}) == 1


async def test_a_step_up_asks_who_signed_the_browser_in(two: Services, teams: object) -> None:
    visitor = visit(two)
    await visitor.come_back(await visitor.leave(issuer=OTHER), "member")
    away = await visitor.leave("/step-up")
    assert away.startswith(f"{OTHER}/authorize?")
    assert parse_qs(urlsplit(away).query)["max_age"] == ["0"]


async def test_case_12_an_answer_of_the_other_provider_is_refused(two: Services, teams: object) -> None:
    """oidcc-client-test-mix-up: the answer names the provider that was not asked."""
    visitor = visit(two)
    away = await visitor.leave(issuer=OTHER)
    refused = await visitor.come_back(away, "member", iss=two.sign_in.default)
    assert refused.status_code == 400
    assert "issuer_mismatch" in refused.text
    assert not await sessions_of(two)


async def test_a_provider_nobody_trusts_is_not_gone_to(two: Services) -> None:
    answer = await visit(two).client.get("/sign-in", params={"issuer": "https://evil.example"})
    assert answer.status_code == 404
