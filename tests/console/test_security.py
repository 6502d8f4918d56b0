"""Who is calling: a cookie never at the API, a bearer never at a page, and no form from anywhere else."""

from typing import Any

import httpx2
import pytest

from console.security import site_of
from console.services import Services
from sso import sessions
from sso.dev.key import load_key
from sso.dev.people import DEMO_PEOPLE, DemoPerson
from sso.dev.tokens import access_claims, confirm, id_claims, sign
from tests.console.conftest import MovingClock, TokenFor
from tests.console.visitor import COOKIE, Visitor, sessions_of, visit

MULTIPART = '--x\r\nContent-Disposition: form-data; name="_csrf"\r\n\r\n{}\r\n--x--\r\n'
OURS = {"origin": "http://127.0.0.1:8400", "sec-fetch-site": "same-origin"}
STRANGER = DemoPerson("stranger", "Somebody", "never signed in", ("retail",))


@pytest.fixture
async def visitor(services: Services, people: object) -> Visitor:
    """The member's browser, signed in."""
    opened = visit(services)
    await opened.sign_in("member")
    return opened


async def sign_out(visitor: Visitor, **asked: Any) -> httpx2.Response:
    return await visitor.client.post("/sign-out", **asked)


def is_live(visitor: Visitor) -> Any:
    return visitor.client.get("/me")


async def test_a_session_cookie_opens_pages_and_never_the_api(visitor: Visitor) -> None:
    assert (await visitor.client.get("/me")).status_code == 200
    for path in ("/api/v1/me", "/api/v1/routes", "/log/checkpoint"):
        response = await visitor.client.get(path)
        assert response.status_code == 401, path
        assert response.json()["reasons"] == ["token_missing"]


async def test_a_bearer_opens_the_api_and_never_a_page(services: Services, token_for: TokenFor) -> None:
    browser = visit(services)
    headers = {"authorization": f"Bearer {token_for('member')}"}
    assert (await browser.client.get("/api/v1/me", headers=headers)).json()["handle"] == "member"
    page = await browser.client.get("/me", headers=headers)
    assert (page.status_code, page.headers["location"]) == (303, "/sign-in?next_path=%2Fme")


async def test_the_key_of_a_stored_session_is_no_cookie(services: Services, visitor: Visitor) -> None:
    (stored,) = [
        row
        for row in await sessions_of(services)
        if row.id_hash == sessions.hash_cookie(visitor.cookie or "")
    ]
    thief = visit(services)
    for value in (stored.id_hash, "", "x", f"{visitor.cookie}x"):
        response = await thief.client.get("/me", headers={"cookie": f"{COOKIE}={value}"})
        assert response.status_code == 303, value


@pytest.mark.parametrize("header", ["Basic bWVtYmVyOng=", "Bearer", "Bearer ", "Token abc", "nonsense"])
async def test_any_other_credential_is_none(api: httpx2.AsyncClient, header: str) -> None:
    response = await api.get("/me", headers={"authorization": header})
    assert (response.status_code, response.json()["reasons"]) == (401, ["token_missing"])


async def test_a_bearer_of_a_subject_nobody_knows_is_401(
    services: Services, api: httpx2.AsyncClient, people: object
) -> None:
    token = await token_of(services, STRANGER)
    response = await api.get("/me", headers={"authorization": f"Bearer {token}"})
    assert (response.status_code, response.json()["reasons"]) == (401, ["unknown_subject"])


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"aud": "another"}, "invalid_claim:aud"),
        ({"exp": 1}, "expired_token:exp"),
        ({"iss": "https://evil.example"}, "unknown_issuer"),
        ({"jti": None}, "missing_claim:jti"),
    ],
)
async def test_a_bearer_with_a_wrong_claim_is_401(
    services: Services, api: httpx2.AsyncClient, people: object, changes: dict[str, Any], reason: str
) -> None:
    token = await token_of(services, DEMO_PEOPLE["member"], **changes)
    response = await api.get("/me", headers={"authorization": f"Bearer {token}"})
    assert (response.status_code, response.json()["reasons"]) == (401, [reason])


async def test_an_id_token_is_no_bearer(services: Services, api: httpx2.AsyncClient, people: object) -> None:
    token = await token_of(services, DEMO_PEOPLE["member"], kind="JWT")
    response = await api.get("/me", headers={"authorization": f"Bearer {token}"})
    assert (response.status_code, response.json()["reasons"]) == (401, ["not_an_access_token"])


async def test_forwarding_headers_are_believed_from_no_one(
    services: Services, visitor: Visitor, token_for: TokenFor
) -> None:
    forged = {
        "x-forwarded-user": "admin",
        "x-forwarded-for": "10.0.0.1",
        "x-forwarded-host": "evil.example",
        "x-forwarded-proto": "https",
        "x-forwarded-uri": "/admin",
        "forwarded": "for=10.0.0.1;host=evil.example;proto=https",
        "x_forwarded_user": "admin",
        "x-original-url": "/admin",
    }
    nobody = await visit(services).client.get("/api/v1/me", headers=forged)
    assert nobody.status_code == 401
    start = await visit(services).client.get("/sign-in", headers=forged)
    assert start.headers["location"].startswith(f"{services.settings.base_url}/dev-idp/authorize?")
    assert "evil.example" not in start.headers["location"]
    known = await visitor.client.get("/me", headers=forged)
    assert "Demo member" in known.text


async def test_a_form_with_the_sessions_own_token_is_taken(visitor: Visitor) -> None:
    signed_out = await sign_out(visitor, data={"_csrf": await visitor.token()})
    assert signed_out.status_code == 303
    assert (await is_live(visitor)).status_code == 303


async def test_the_token_may_come_as_a_header(visitor: Visitor) -> None:
    assert (await sign_out(visitor, headers={"x-csrf-token": await visitor.token()})).status_code == 303


async def test_a_form_without_a_token_is_refused(visitor: Visitor) -> None:
    for asked in ({}, {"data": {"_csrf": ""}}, {"headers": {"x-csrf-token": ""}}):
        refused = await sign_out(visitor, **asked)
        assert refused.status_code == 403
        assert "out of date" in refused.text
    assert (await is_live(visitor)).status_code == 200


async def test_the_token_of_another_session_is_refused(services: Services, visitor: Visitor) -> None:
    another = visit(services)
    await another.sign_in("owner")
    again = visit(services)
    await again.sign_in("member")
    for other in (another, again):
        assert (await sign_out(visitor, data={"_csrf": await other.token()})).status_code == 403
    for wrong in ("0" * 64, (await visitor.token())[:-1], (await visitor.token()).upper(), "é"):
        assert (await sign_out(visitor, data={"_csrf": wrong})).status_code == 403
    assert (await is_live(visitor)).status_code == 200


async def test_a_token_in_a_body_that_is_no_form_is_refused(visitor: Visitor) -> None:
    token = await visitor.token()
    bodies = [
        (f"_csrf={token}", "text/plain"),
        (f"_csrf={token}", ""),
        (f'{{"_csrf":"{token}"}}', "application/json"),
        (
            f'--x\r\nContent-Disposition: form-data; name="_csrf"\r\n\r\n{token}\r\n--x--\r\n',
            "multipart/form-data; boundary=x",
        ),
        ("--x", "multipart/form-data"),
    ]
    for content, kind in bodies:
        refused = await sign_out(visitor, content=content, headers={"content-type": kind})
        assert refused.status_code == 403, kind
    assert (await is_live(visitor)).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "nonsense"},
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:8401"},
        {"origin": "https://127.0.0.1:8400"},
        {"origin": "http://127.0.0.1:8400.evil.example"},
        {"origin": ""},
        {"origin": "https://evil.example", "sec-fetch-site": "same-origin"},
    ],
)
async def test_a_form_from_another_site_is_refused_whatever_its_token(
    visitor: Visitor, headers: dict[str, str]
) -> None:
    refused = await sign_out(visitor, data={"_csrf": await visitor.token()}, headers=headers)
    assert refused.status_code == 403
    assert (await is_live(visitor)).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [{"origin": "http://127.0.0.1:8400", "sec-fetch-site": "same-origin"}, {"sec-fetch-site": "none"}],
)
async def test_a_form_of_our_own_page_is_taken(visitor: Visitor, headers: dict[str, str]) -> None:
    taken = await sign_out(visitor, data={"_csrf": await visitor.token()}, headers=headers)
    assert taken.status_code == 303


async def test_a_session_ends_by_idling_by_age_and_by_a_clock_that_moves_back(
    services: Services, clock: MovingClock, people: object
) -> None:
    for forward, alive in ((29 * 60, True), (31 * 60, False)):
        visitor = visit(services)
        await visitor.sign_in("member")
        clock.forward(forward)
        assert (await is_live(visitor)).status_code == (200 if alive else 303)
    visitor = visit(services)
    await visitor.sign_in("member")
    for _ in range(25):
        clock.forward(29 * 60)
        last = await is_live(visitor)
    assert last.status_code == 303
    visitor = visit(services)
    await visitor.sign_in("member")
    clock.forward(-120)
    assert (await is_live(visitor)).status_code == 303


async def test_a_part_of_a_page_is_led_to_sign_in_by_htmx_itself(services: Services) -> None:
    asked = {"hx-request": "true", "hx-current-url": "http://127.0.0.1:8400/models?q=credit%20risk"}
    answer = await visit(services).client.get("/models", headers=asked)
    assert answer.status_code == 204
    assert answer.headers["hx-redirect"] == "/sign-in?next_path=%2Fmodels%3Fq%3Dcredit%2520risk"


async def test_a_page_is_come_back_to_with_its_query(services: Services) -> None:
    answer = await visit(services).client.get("/models?q=credit")
    assert answer.headers["location"] == "/sign-in?next_path=%2Fmodels%3Fq%3Dcredit"
    form = await visit(services).client.post("/sign-out")
    assert (form.status_code, form.headers["location"]) == (303, "/sign-in")


def test_the_site_of_an_address_is_its_origin() -> None:
    assert site_of("https://a.example:8443/path/x?y") == "https://a.example:8443"
    assert site_of("https://a.example") == "https://a.example"


async def token_of(services: Services, person: DemoPerson, kind: str = "at+jwt", **changes: Any) -> str:
    """Sign an access token (or an ID token, by `kind`) with the development provider's own key."""
    key = load_key(services.settings.data / "dev-idp.key")
    now = services.clock() // 1_000_000
    signed_in = confirm(person, step_up=False, now=now)
    issuer = services.sign_in.default
    made = (
        access_claims(issuer, signed_in, now)
        if kind == "at+jwt"
        else id_claims(issuer, signed_in, "n", "t", now)
    )
    claims = {name: value for name, value in (made | changes).items() if value is not None}
    return sign(key, claims, kind)
