"""Behind https each cookie is `__Host-` and `Secure`: no other host sets it, no plain line carries it."""

from collections.abc import AsyncIterator
from dataclasses import replace

import httpx2
import pytest

from console.services import Services
from console.sign_in.providers import Providers, configured_issuers, dev_issuer
from sso.dev.people import DEMO_PEOPLE
from sso.dev.provider import DevProvider
from tests.console.visitor import visit

pytestmark = pytest.mark.slow

SESSION = "__Host-guildhall"


@pytest.fixture
async def secure(services: Services) -> AsyncIterator[Services]:
    """The console at an address of https, and the development provider with it."""
    server = services.settings.server.model_copy(update={"public_url": "https://127.0.0.1"})
    settings = services.settings.model_copy(update={"server": server})
    key = settings.data / "dev-idp.key"
    provider = DevProvider(dev_issuer(settings), key, DEMO_PEOPLE, services.clock)
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=provider)) as http:
        sign_in = Providers(configured_issuers(settings), http, services.clock)
        yield replace(services, settings=settings, http=http, sign_in=sign_in)


async def test_each_cookie_is_for_this_host_and_https_alone(secure: Services, teams: object) -> None:
    visitor = visit(secure)
    left = await visitor.client.get("/sign-in")
    signed = await visitor.come_back(left.headers["location"], "member")
    out = await visitor.client.post("/sign-out", data={"_csrf": await visitor.token()})
    cookies = [one for told in (left, signed, out) for one in told.headers.get_list("set-cookie")]
    names = [one.split("=")[0] for one in cookies]
    assert sorted(names) == sorted([SESSION, f"{SESSION}_sign_in"] * 2)
    for cookie in cookies:
        kept = {part.strip().lower() for part in cookie.split(";")[1:]}
        assert kept >= {"secure", "httponly", "path=/", "samesite=lax"}, cookie
        assert not [part for part in kept if part.startswith("domain=")], cookie


async def test_a_session_under_a_name_that_any_host_may_set_signs_nobody_in(
    secure: Services, teams: object
) -> None:
    visitor = visit(secure)
    await visitor.sign_in("member")
    value = visitor.client.cookies.get(SESSION) or ""
    other = visit(secure).client
    assert (await other.get("/me", headers={"cookie": f"{SESSION}={value}"})).status_code == 200
    assert (await other.get("/me", headers={"cookie": f"guildhall={value}"})).status_code == 303
