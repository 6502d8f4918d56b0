"""The access pages without JavaScript: forms keep what was typed and say what is wrong."""

import re

import httpx2
import pytest

from console.services import Services
from tests.console.conftest import Catalog, MovingClock
from tests.console.visitor import Visitor, heads, visit

pytestmark = pytest.mark.slow  # each builds the whole console

ROUTE = "/models/risk.credit-default"
HASH = re.compile(r'name="content_hash" value="([0-9a-f]{64})"')
HOSTILE = "<script>alert(1)</script> monthly review"
ASKED = {"team": "retail", "purpose": HOSTILE, "duration_days": "90"}
SIGNED = {"decision": "approve", "meaning": "I answer for this use", "reason": ""}


@pytest.fixture
async def member(services: Services, teams: object, catalog: Catalog) -> Visitor:
    return await arrive(services, "member")


async def arrive(services: Services, person: str) -> Visitor:
    visitor = visit(services)
    await visitor.sign_in(person)
    return visitor


async def send(visitor: Visitor, path: str, **typed: str) -> httpx2.Response:
    return await visitor.client.post(path, data=typed | {"_csrf": await visitor.token()})


async def ask(member: Visitor) -> str:
    sent = await send(member, f"{ROUTE}/request", **ASKED)
    assert sent.status_code == 303, sent.text
    return str(sent.headers["location"]).rpartition("/")[2]


async def sign(visitor: Visitor, person: str, request: str, **changes: str) -> httpx2.Response:
    """Confirm who one is, open the page, and sign what it shows."""
    await visitor.sign_in(person, "/step-up", next_path=f"/reviews/{request}")
    page = await visitor.client.get(f"/reviews/{request}")
    shown = HASH.search(page.text)
    assert shown, page.text
    return await send(visitor, f"/reviews/{request}", **(SIGNED | {"content_hash": shown[1]} | changes))


async def test_a_request_with_mistakes_comes_back_with_what_was_typed(member: Visitor) -> None:
    sent = await send(member, f"{ROUTE}/request", team="retail", purpose="no", duration_days="999")
    assert sent.status_code == 422
    assert "Write at least 3 characters." in sent.text
    assert "Enter 365 or less." in sent.text
    assert 'value="999"' in sent.text


async def test_htmx_gets_the_form_alone_and_is_led_on_by_a_header(member: Visitor) -> None:
    token, htmx = await member.token(), {"HX-Request": "true", "HX-Request-Type": "partial"}
    path = f"{ROUTE}/request"
    wrong = await member.client.post(path, data={"_csrf": token, "team": "retail"}, headers=htmx)
    assert (wrong.status_code, wrong.text.strip()[:5]) == (422, "<form")
    right = await member.client.post(path, data=ASKED | {"_csrf": token}, headers=htmx)
    assert right.status_code == 204
    assert right.headers["hx-redirect"].startswith("/requests/")


async def test_a_form_without_its_token_does_nothing(member: Visitor, services: Services) -> None:
    sent = await member.client.post(f"{ROUTE}/request", data=ASKED)
    assert sent.status_code == 403
    assert await heads(services, "access_request.create") == []


async def test_the_same_request_twice_is_told_in_the_form(member: Visitor) -> None:
    await ask(member)
    again = await send(member, f"{ROUTE}/request", **ASKED)
    assert again.status_code == 422
    assert "You have asked for this already" in again.text


async def test_what_people_write_never_becomes_markup(member: Visitor, services: Services) -> None:
    request = await ask(member)
    owner = await arrive(services, "owner")
    pages = [await member.client.get(path) for path in ("/", "/requests", f"/requests/{request}")]
    pages += [await owner.client.get(path) for path in ("/", "/reviews", f"/reviews/{request}")]
    for page in pages:
        assert page.status_code == 200, page.text
        assert "&lt;script&gt;" in page.text, page.url
        assert "<script>alert" not in page.text


async def test_an_answer_needs_a_fresh_sign_in_and_then_the_form_is_there(
    member: Visitor, services: Services
) -> None:
    request = await ask(member)
    owner = await arrive(services, "owner")
    page = await owner.client.get(f"/reviews/{request}")
    assert f"/step-up?next_path=%2Freviews%2F{request}" in page.text
    assert HASH.search(page.text) is None
    bold = await send(owner, f"/reviews/{request}", **SIGNED, content_hash="0" * 64)
    assert bold.status_code == 422
    assert "Confirm that it is you before you sign" in bold.text
    signed = await sign(owner, "owner", request)
    assert (signed.status_code, signed.headers["location"]) == (303, f"/requests/{request}")


async def test_a_sign_in_that_has_signed_is_asked_for_anew(member: Visitor, services: Services) -> None:
    first = await ask(member)
    owner = await arrive(services, "owner")
    assert (await sign(owner, "owner", first)).status_code == 303
    await send(member, f"/requests/{first}/withdraw")
    second = await ask(member)
    assert "Confirm it is you" in (await owner.client.get(f"/reviews/{second}")).text


async def test_an_old_confirmation_no_longer_shows_the_form(
    member: Visitor, services: Services, clock: MovingClock
) -> None:
    request = await ask(member)
    owner = await arrive(services, "owner")
    await owner.sign_in("owner", "/step-up")
    assert HASH.search((await owner.client.get(f"/reviews/{request}")).text)
    clock.forward(301)
    assert HASH.search((await owner.client.get(f"/reviews/{request}")).text) is None


async def test_another_content_than_was_shown_is_not_signed(member: Visitor, services: Services) -> None:
    request = await ask(member)
    owner = await arrive(services, "owner")
    stale = await sign(owner, "owner", request, content_hash="0" * 64)
    assert stale.status_code == 422
    assert "signs another content" in stale.text


async def test_two_answers_grant_and_the_timeline_tells_it_to_its_end(
    member: Visitor, services: Services
) -> None:
    request = await ask(member)
    for person in ("owner", "reviewer"):
        assert (await sign(await arrive(services, person), person, request)).status_code == 303
    told = (await member.client.get(f"/requests/{request}")).text
    steps = ["Asked", "an owner of team risk", "a reviewer", "Access granted", "Access ends by itself"]
    assert [step for step in steps if step not in told] == []
    owner = await arrive(services, "owner")
    grant = re.search(r"/grants/([0-9a-f-]{36})/revoke", (await owner.client.get("/grants")).text)
    assert grant
    short = await send(owner, f"/grants/{grant[1]}/revoke", reason="no")
    assert (short.status_code, "Write at least 3 characters." in short.text) == (422, True)
    assert (await send(owner, f"/grants/{grant[1]}/revoke", reason="It ended")).status_code == 303
    assert "Access revoked" in (await member.client.get(f"/requests/{request}")).text


async def test_who_asked_sees_why_the_own_request_cannot_be_answered(member: Visitor) -> None:
    request = await ask(member)
    page = await member.client.get(f"/reviews/{request}")
    assert "whoever asks may not decide" in page.text
    assert HASH.search(page.text) is None


async def test_a_stranger_finds_neither_request_nor_hidden_model(member: Visitor, services: Services) -> None:
    request = await ask(member)
    stranger = await arrive(services, "admin")
    for path in (f"/requests/{request}", f"/reviews/{request}"):
        assert (await stranger.client.get(path)).status_code == 404
    assert (await member.client.get("/models/health.tumour-screen")).status_code == 404
    assert (await member.client.get("/models/health.tumour-screen/request")).status_code == 404
