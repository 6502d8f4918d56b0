"""The way to the provider and back, as a browser walks it, and everything that must not open a session."""

from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from console.services import Services
from console.sign_in.providers import Providers, configured_issuers
from tests.console.conftest import MovingClock
from tests.console.test_work import execute
from tests.console.visitor import COOKIE, heads, sessions_of, visit
from tests.sso.journey import choose

pytestmark = pytest.mark.slow  # each builds the whole console

REASON_OF_A_STRANGER = "unknown_sign_in"


async def test_a_sign_in_opens_a_session_and_is_recorded(services: Services, teams: object) -> None:
    visitor = visit(services)
    signed = await visitor.sign_in("member", next_path="/models?q=credit")
    assert signed.headers["location"] == "/models?q=credit"
    cookies = signed.headers.get_list("set-cookie")
    session = next(cookie for cookie in cookies if cookie.startswith(f"{COOKIE}="))
    assert "HttpOnly" in session
    assert "SameSite=lax" in session
    assert "Path=/" in session
    assert len(visitor.cookie or "") < 200
    assert (await visitor.client.get("/me")).status_code == 200
    made = [head["action"] for head in await heads(services)]
    assert made == ["person.create", "membership.create", "session.create"]
    assert all(head["outcome"] == "success" for head in await heads(services))


async def test_a_cookie_set_beforehand_is_not_the_session_that_follows(
    services: Services, teams: object
) -> None:
    visitor = visit(services)
    visitor.client.cookies.set(COOKIE, "chosen-by-somebody-else", domain="127.0.0.1")
    await visitor.sign_in("member")
    assert "chosen-by-somebody-else" not in visitor.client.cookies.values()
    thief = visit(services)
    opened = await thief.client.get("/me", headers={"cookie": f"{COOKIE}=chosen-by-somebody-else"})
    assert opened.status_code == 303


async def test_each_sign_in_rotates_the_session_and_ends_the_old_one(
    services: Services, teams: object
) -> None:
    visitor = visit(services)
    await visitor.sign_in("member")
    old = visitor.cookie
    await visitor.sign_in("member")
    assert visitor.cookie != old
    stale = await visit(services).client.get("/me", headers={"cookie": f"{COOKIE}={old}"})
    assert stale.status_code == 303
    first, second = await sessions_of(services)
    assert (first.revoke_reason, second.revoke_reason) == ("rotated", None)


async def test_stepping_up_rotates_the_session_and_raises_its_strength(
    services: Services, clock: MovingClock, teams: object
) -> None:
    visitor = visit(services)
    await visitor.sign_in("reviewer")
    clock.forward(600)
    address = await visitor.leave("/step-up", next_path="/reviews")
    asked = parse_qs(urlsplit(address).query)
    assert (asked["acr_values"], asked["max_age"]) == (["dev-2"], ["0"])
    signed = await visitor.come_back(address, "reviewer")
    assert (signed.status_code, signed.headers["location"]) == (302, "/reviews")
    first, second = await sessions_of(services)
    assert (first.acr, first.revoke_reason, second.acr) == ("dev-1", "rotated", "dev-2")
    assert first.auth_time is not None
    assert second.auth_time is not None
    assert second.auth_time >= first.auth_time + 600


async def test_a_step_up_whose_request_was_weakened_on_the_way_is_refused(
    services: Services, teams: object
) -> None:
    visitor = visit(services)
    await visitor.sign_in("reviewer")
    before = visitor.cookie
    address = await visitor.leave("/step-up")
    weakened = "&".join(
        part for part in address.split("&") if not part.startswith(("acr_values=", "max_age="))
    )
    refused = await visitor.come_back(weakened, "reviewer")
    assert refused.status_code == 400
    assert "did not confirm a fresh and strong sign-in" in refused.text
    assert visitor.cookie == before
    (head,) = await heads(services, "session.refuse")
    assert (head["outcome"], head["reasons"]) == ("denied", ["step_up_not_met"])


@pytest.mark.parametrize(
    "path",
    [
        "//evil.example",
        "/\\evil.example",
        "https:evil.example",
        "https://evil.example",
        "%2f%2fevil.example",
        "/%2f%2fevil.example",
        "/%5cevil.example",
        "/%09/evil.example",
        "/\t/evil.example",
        "javascript:alert(1)",
        "evil.example",
        "",
        "/" + "x" * 3000,
    ],
)
async def test_nobody_is_led_elsewhere_after_a_sign_in(services: Services, teams: object, path: str) -> None:
    signed = await visit(services).sign_in("member", next_path=path)
    assert signed.headers["location"] == "/"


async def refused_page(services: Services, response: httpx2.Response, reason: str) -> None:
    assert response.status_code == 400, response.text
    assert response.headers["content-type"].startswith("text/html")
    assert COOKIE not in response.cookies
    assert not await sessions_of(services)
    (head,) = await heads(services, "session.refuse")
    assert (head["outcome"], head["reasons"]) == ("denied", [reason])
    assert str(head["id"]) in response.text


async def test_a_callback_that_nobody_asked_for_opens_nothing(services: Services) -> None:
    response = await visit(services).client.get("/sign-in/callback")
    await refused_page(services, response, REASON_OF_A_STRANGER)


async def test_an_answer_in_another_browser_opens_nothing(services: Services, teams: object) -> None:
    victim, attacker = visit(services), visit(services)
    answer = await choose(services.http, await attacker.leave(), "owner")
    for victims_state in (False, True):
        if victims_state:
            await victim.leave()
        response = await victim.client.get("/sign-in/callback", params=answer)
        assert response.status_code == 400
    assert not await sessions_of(services)


async def test_an_answer_is_taken_once(services: Services, teams: object) -> None:
    visitor = visit(services)
    cookies = dict(visitor.client.cookies)
    address = await visitor.leave()
    flow = dict(visitor.client.cookies)
    answer = await choose(services.http, address, "member")
    assert (await visitor.client.get("/sign-in/callback", params=answer)).status_code == 302
    visitor.client.cookies.clear()
    for name, value in (cookies | flow).items():
        visitor.client.cookies.set(name, value, domain="127.0.0.1")
    assert (await visitor.client.get("/sign-in/callback", params=answer)).status_code == 400
    assert len(await sessions_of(services)) == 1


async def test_an_answer_after_ten_minutes_is_too_late(
    services: Services, clock: MovingClock, teams: object
) -> None:
    visitor = visit(services)
    address = await visitor.leave()
    answer = await choose(services.http, address, "member")
    clock.forward(601)
    response = await visitor.client.get("/sign-in/callback", params=answer)
    await refused_page(services, response, REASON_OF_A_STRANGER)


async def test_an_answer_in_the_name_of_another_provider_is_refused(
    services: Services, teams: object
) -> None:
    visitor = visit(services)
    response = await visitor.come_back(await visitor.leave(), "member", iss="https://evil.example")
    await refused_page(services, response, "issuer_mismatch")


@pytest.mark.parametrize("error", ["access_denied", "<script>alert(1)</script>"])
async def test_what_a_provider_says_of_an_error_is_escaped_or_not_repeated(
    services: Services, error: str
) -> None:
    visitor = visit(services)
    state = parse_qs(urlsplit(await visitor.leave()).query)["state"][0]
    hostile = {
        "state": state,
        "iss": services.sign_in.default,
        "error": error,
        "error_description": "<img src=x onerror=alert(2)>",
        "error_uri": "https://evil.example",
    }
    response = await visitor.client.get("/sign-in/callback", params=hostile)
    assert "<script>alert" not in response.text
    assert "onerror" not in response.text
    assert "evil.example" not in response.text
    known = error if error.isidentifier() else "unknown"
    await refused_page(services, response, f"provider_refused:{known}")


async def test_a_code_that_was_never_given_is_refused(services: Services, teams: object) -> None:
    visitor = visit(services)
    response = await visitor.come_back(await visitor.leave(), "member", code="guessed")
    await refused_page(services, response, "code_exchange_failed")


async def test_a_disabled_person_stays_outside_and_loses_the_open_session(
    services: Services, people: object
) -> None:
    visitor = visit(services)
    await visitor.sign_in("member")
    await execute(services, "UPDATE person SET state = 'disabled'")
    assert (await visitor.client.get("/me")).status_code == 303
    refused = await visitor.come_back(await visitor.leave(), "member")
    assert refused.status_code == 400
    assert "disabled" in refused.text


async def test_a_provider_that_is_away_is_said_on_a_page(services: Services) -> None:
    http = httpx2.AsyncClient(transport=httpx2.MockTransport(lambda _: httpx2.Response(502)))
    sign_in = Providers(configured_issuers(services.settings), http, services.clock)
    for path in ("/sign-in", "/step-up"):
        response = await visit(replace(services, sign_in=sign_in)).client.get(path)
        assert response.status_code == 503
        assert "The identity provider does not answer" in response.text
    await http.aclose()


async def test_a_sign_in_that_cannot_be_recorded_opens_no_session(services: Services, teams: object) -> None:
    visitor = visit(services)
    address = await visitor.leave()
    await execute(services, "ALTER TABLE outbox RENAME TO gone")
    response = await visitor.come_back(address, "member")
    assert response.status_code == 503
    assert visitor.cookie is None
    assert not await sessions_of(services)


async def test_under_another_name_of_this_machine_one_is_led_to_our_own(services: Services) -> None:
    visitor = visit(services)
    asked = {"host": "localhost:8400"}
    led = await visitor.client.get("/sign-in?next_path=%2Fmodels", headers=asked)
    assert led.headers["location"] == "http://127.0.0.1:8400/sign-in?next_path=%2Fmodels"
    assert not led.cookies
    assert (await visitor.client.get("/sign-in", headers={"host": "evil.example"})).status_code == 421


async def test_signing_out_ends_the_session_here_and_at_the_provider(
    services: Services, teams: object
) -> None:
    visitor = visit(services)
    await visitor.sign_in("member")
    old = visitor.cookie
    gone = await visitor.client.post("/sign-out", data={"_csrf": await visitor.token()})
    assert gone.status_code == 303
    assert gone.headers["location"].startswith(f"{services.sign_in.default}/end_session?")
    assert visitor.cookie is None
    stale = await visit(services).client.get("/me", headers={"cookie": f"{COOKIE}={old}"})
    assert stale.status_code == 303
    (head,) = await heads(services, "session.end")
    assert head["outcome"] == "success"
    (session,) = await sessions_of(services)
    assert session.revoke_reason == "signed_out"
