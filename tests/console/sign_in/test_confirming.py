"""Sessions that their provider confirms, ends or leaves unanswered; logout tokens at their address."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import httpx2
import pytest
from joserfc.jwk import ECKey

from console.services import Services
from console.sign_in.providers import Providers, configured_issuers
from sso.dev.key import load_key
from sso.dev.people import DEMO_PEOPLE
from sso.dev.provider import DevProvider
from sso.dev.tokens import sign
from sso.kept import open_sealed
from sso.logout_token import EVENT
from sso.models import Session
from tests.console.conftest import MovingClock
from tests.console.visitor import Visitor, heads, sessions_of, visit

pytestmark = pytest.mark.slow  # each builds the whole console

BACK_CHANNEL = "/sign-in/back-channel-logout"
A_TOKEN = re.compile(rb"eyJ[\w-]{8}")
"""How a JWT begins, and long enough for no ciphertext to begin so by chance."""


def provider_of(services: Services) -> DevProvider:
    transport = services.http._transport
    assert isinstance(transport, httpx2.ASGITransport)
    assert isinstance(transport.app, DevProvider)
    return transport.app


def key_of(services: Services) -> ECKey:
    return load_key(services.settings.data / "dev-idp.key")


def logout_token(services: Services, session: Session, **changes: object) -> str:
    now = services.clock() // 1_000_000
    claims: dict[str, Any] = {
        "iss": session.issuer,
        "aud": "guildhall",
        "sub": session.subject,
        "sid": session.provider_sid,
        "jti": f"jti-{now}",
        "iat": now,
        "exp": now + 120,
        "events": {EVENT: {}},
    }
    return sign(key_of(services), {**claims, **changes}, "logout+jwt")


async def send(services: Services, form: Mapping[str, str]) -> httpx2.Response:
    return await visit(services).client.post(BACK_CHANNEL, data=dict(form))


async def is_in(visitor: Visitor) -> bool:
    return (await visitor.client.get("/me")).status_code == 200


async def signed_in(services: Services, number: int = 1, person: str = "member") -> list[Visitor]:
    visitors = [visit(services) for _ in range(number)]
    for visitor in visitors:
        await visitor.sign_in(person)
    return visitors


def away(services: Services) -> Services:
    http = httpx2.AsyncClient(transport=httpx2.MockTransport(lambda _: httpx2.Response(502)))
    return replace(services, sign_in=Providers(configured_issuers(services.settings), http, services.clock))


async def test_a_session_is_confirmed_every_few_minutes_with_a_new_token(
    services: Services, clock: MovingClock, teams: object
) -> None:
    (visitor,) = await signed_in(services)
    (before,) = await sessions_of(services)
    clock.forward(299)
    assert await is_in(visitor)
    assert (await sessions_of(services))[0].refreshed == before.refreshed
    clock.forward(2)
    assert await is_in(visitor)
    (after,) = await sessions_of(services)
    assert after.refreshed > before.refreshed
    old, new = (open_sealed(row.sealed, services.session_key, row.id_hash) for row in (before, after))
    assert old is not None
    assert new is not None
    assert old.refresh_token != new.refresh_token
    assert (after.auth_time, after.acr, after.end) == (before.auth_time, before.acr, before.end)
    assert after.refreshing is None


async def test_case_48_the_tables_hold_no_token(services: Services, teams: object) -> None:
    await signed_in(services)
    (row,) = await sessions_of(services)
    assert row.sealed is not None
    kept = open_sealed(row.sealed, services.session_key, row.id_hash)
    assert kept is not None
    assert kept.refresh_token
    # With what is not yet moved from the write-ahead log into the table's own file.
    tables = b"".join(path.read_bytes() for path in services.settings.data.glob("guildhall.db*"))
    assert row.id_hash.encode() in tables
    for place in (row.sealed, tables):
        assert not A_TOKEN.search(place)
        assert kept.refresh_token.encode()[:20] not in place


async def test_case_23_a_group_taken_away_at_the_provider_is_gone_at_the_next_confirmation(
    services: Services, clock: MovingClock, teams: object
) -> None:
    (visitor,) = await signed_in(services)
    provider_of(services)._people = {"member": replace(DEMO_PEOPLE["member"], groups=())}
    provider_of(services).refresh_tokens._people = provider_of(services)._people
    assert "team retail" in (await visitor.client.get("/me")).text
    clock.forward(301)
    assert "team retail" not in (await visitor.client.get("/me")).text
    (head,) = await heads(services, "membership.remove")
    assert head["outcome"] == "success"


async def test_case_23_a_person_the_provider_no_longer_knows_is_signed_out(
    services: Services, clock: MovingClock, teams: object
) -> None:
    (visitor,) = await signed_in(services)
    provider_of(services).refresh_tokens._people = {}
    clock.forward(301)
    assert not await is_in(visitor)
    (row,) = await sessions_of(services)
    assert (row.revoke_reason, row.sealed) == ("refresh_refused", None)
    (head,) = await heads(services, "session.revoke")
    assert head["reasons"] == ["refresh_refused"]


async def test_case_34_old_sessions_end_when_the_provider_ended_theirs(
    services: Services, clock: MovingClock, teams: object
) -> None:
    old, new = await signed_in(services, 2)
    first, _ = await sessions_of(services)
    provider_of(services).refresh_tokens.end(first.provider_sid or "")
    clock.forward(301)
    assert not await is_in(old)
    assert await is_in(new)


async def test_a_provider_that_is_away_is_waited_for_and_then_nobody_goes_on(
    services: Services, clock: MovingClock, teams: object
) -> None:
    (visitor,) = await signed_in(services)
    cookie = {"cookie": f"guildhall={visitor.cookie}"}
    alone = visit(away(services)).client
    for forward, status in ((301, 200), (500, 200), (100, 503)):
        clock.forward(forward)
        assert (await alone.get("/me", headers=cookie)).status_code == status
    clock.forward(16)
    assert await is_in(visitor)


async def test_a_session_without_anything_to_confirm_it_with_ends(
    services: Services, clock: MovingClock, teams: object
) -> None:
    (visitor,) = await signed_in(services)
    async with services.database.write() as session:
        row = await session.get_one(Session, (await sessions_of(services))[0].id_hash)
        row.sealed = None
    clock.forward(301)
    assert not await is_in(visitor)


async def test_case_28_one_logout_token_for_three_sessions(
    services: Services, clock: MovingClock, teams: object
) -> None:
    three = await signed_in(services, 3)
    rows = await sessions_of(services)
    for row in rows[:2]:
        provider_of(services).refresh_tokens.end(row.provider_sid or "")
    answered = await send(services, {"logout_token": logout_token(services, rows[0])})
    assert (answered.status_code, answered.headers["cache-control"]) == (200, "no-store")
    assert [await is_in(visitor) for visitor in three] == [False, False, True]
    ended = await sessions_of(services)
    assert [row.revoke_reason for row in ended] == ["back_channel_logout", "refresh_refused", None]
    assert ended[2].must_refresh is None
    assert [head["reasons"] for head in await heads(services, "session.revoke")] == [
        ["back_channel_logout"],
        ["refresh_refused"],
    ]


async def test_case_28_while_the_provider_is_away_no_marked_session_goes_on(
    services: Services, clock: MovingClock, teams: object
) -> None:
    _, other = await signed_in(services, 2)
    first, _ = await sessions_of(services)
    await send(services, {"logout_token": logout_token(services, first)})
    kept = {"cookie": f"guildhall={other.cookie}"}
    assert (await visit(away(services)).client.get("/me", headers=kept)).status_code == 503


async def test_case_28_bearers_from_before_are_refused_too(
    services: Services, clock: MovingClock, teams: object, token_for: Any
) -> None:
    await signed_in(services)
    *_, row = await sessions_of(services)
    bearer = {"authorization": f"Bearer {token_for('member')}"}
    client = visit(services).client
    assert (await client.get("/api/v1/me", headers=bearer)).status_code == 200
    await send(services, {"logout_token": logout_token(services, row)})
    refused = await client.get("/api/v1/me", headers=bearer)
    assert (refused.status_code, refused.json()["reasons"]) == (401, ["signed_out"])
    clock.forward(1)
    fresh = {"authorization": f"Bearer {token_for('member')}"}
    assert (await client.get("/api/v1/me", headers=fresh)).status_code == 200


async def test_case_27_a_logout_token_used_twice_is_refused(services: Services, teams: object) -> None:
    await signed_in(services)
    token = logout_token(services, (await sessions_of(services))[0])
    assert (await send(services, {"logout_token": token})).status_code == 200
    again = await send(services, {"logout_token": token})
    assert (again.status_code, again.json()) == (400, {"error": "invalid_request"})
    assert again.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("form", [{}, {"logout_token": ""}, {"logout_token": "a.b.c"}, {"other": "x"}])
async def test_case_27_what_is_no_logout_token_is_refused(services: Services, form: dict[str, str]) -> None:
    assert (await send(services, form)).status_code == 400


async def test_case_27_an_issuer_nobody_trusts_is_refused(services: Services, teams: object) -> None:
    (visitor,) = await signed_in(services)
    row = (await sessions_of(services))[0]
    token = logout_token(services, row, iss="https://evil.example")
    assert (await send(services, {"logout_token": token})).status_code == 400
    assert await is_in(visitor)


async def test_signing_out_shows_the_provider_its_own_id_token(services: Services, teams: object) -> None:
    (visitor,) = await signed_in(services)
    gone = await visitor.client.post("/sign-out", data={"_csrf": await visitor.token()})
    location = httpx2.URL(gone.headers["location"])
    assert location.params["post_logout_redirect_uri"] == f"{services.settings.base_url}/sign-in"
    row = (await sessions_of(services))[0]
    led = await services.http.get(location)
    assert led.headers["location"] == f"{services.settings.base_url}/sign-in"
    assert row.provider_sid in provider_of(services).refresh_tokens._ended
