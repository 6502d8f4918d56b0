"""Where somebody is signed in, seen and ended by themselves or an admin, on pages and by the API."""

from uuid import UUID

import httpx2
import pytest

from console.services import Services
from console.sign_in.devices import device_name
from sso.principal import Principal
from tests.console.conftest import MovingClock, TokenFor
from tests.console.visitor import Visitor, heads, sessions_of, visit

pytestmark = pytest.mark.slow  # each builds the whole console

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
EDGE = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0"
LOST = {"reason": "The laptop was lost."}


async def is_in(visitor: Visitor) -> bool:
    return (await visitor.client.get("/me")).status_code == 200


async def signed_in(services: Services, number: int, person: str = "member") -> list[Visitor]:
    visitors = [visit(services) for _ in range(number)]
    for visitor in visitors:
        visitor.client.headers["user-agent"] = FIREFOX
        await visitor.sign_in(person)
    return visitors


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


async def test_one_sees_ones_own_browsers_and_ends_another(services: Services, teams: object) -> None:
    here, there = await signed_in(services, 2)
    shown = await here.client.get("/me/sessions")
    assert shown.status_code == 200
    assert shown.text.count("Firefox on Linux<") == 2
    assert shown.text.count("This browser") == 1
    _, other = await sessions_of(services)
    gone = await here.client.post(f"/me/sessions/{other.id}/end", data={"_csrf": await here.token()})
    assert (gone.status_code, gone.headers["location"]) == (303, "/me/sessions")
    assert [await is_in(one) for one in (here, there)] == [True, False]
    (head,) = await heads(services, "session.revoke")
    assert head["reasons"] == ["ended_by_owner"]


async def test_signing_out_everywhere_ends_this_one_too(services: Services, teams: object) -> None:
    visitors = await signed_in(services, 3)
    gone = await visitors[0].client.post("/me/sessions/end", data={"_csrf": await visitors[0].token()})
    assert gone.status_code == 303
    assert [await is_in(one) for one in visitors] == [False] * 3
    assert {row.revoke_reason for row in await sessions_of(services)} == {"signed_out_everywhere"}


async def test_nobody_ends_or_sees_another_persons_session(
    services: Services, people: dict[str, Principal], api: httpx2.AsyncClient, token_for: TokenFor
) -> None:
    mine, theirs = *(await signed_in(services, 1)), *(await signed_in(services, 1, "owner"))
    *_, other = await sessions_of(services)
    token = {"_csrf": await mine.token()}
    assert (await mine.client.post(f"/me/sessions/{other.id}/end", data=token)).status_code == 404
    person = people["owner"].id
    assert (await mine.client.get(f"/people/{person}/sessions")).status_code == 403
    refused = await mine.client.post(f"/people/{person}/sessions/end", data={**token, **LOST})
    assert refused.status_code == 403
    for method in ("GET", "DELETE"):
        answer = await api.request(
            method, f"/people/{person}/sessions", json=LOST, headers=bearer(token_for("member"))
        )
        assert answer.status_code == 403
    assert await is_in(theirs)


async def test_an_admin_signs_somebody_out_everywhere_with_a_reason(
    services: Services, people: dict[str, Principal]
) -> None:
    visitors, (admin,) = await signed_in(services, 2), await signed_in(services, 1, "admin")
    address = f"/people/{people['member'].id}/sessions"
    shown = await admin.client.get(address)
    assert "Sessions of Demo member" in shown.text
    token = {"_csrf": await admin.token()}
    assert (await admin.client.post(f"{address}/end", data=token)).status_code == 422
    gone = await admin.client.post(f"{address}/end", data={**token, **LOST})
    assert (gone.status_code, gone.headers["location"]) == (303, address)
    assert [await is_in(one) for one in (*visitors, admin)] == [False, False, True]
    (head,) = await heads(services, "session.revoke")
    assert head["reasons"] == ["ended_by_admin"]


async def test_the_api_does_the_same(
    services: Services,
    people: dict[str, Principal],
    api: httpx2.AsyncClient,
    token_for: TokenFor,
    clock: MovingClock,
) -> None:
    first, second = await signed_in(services, 2)
    member, admin = bearer(token_for("member")), bearer(token_for("admin"))
    listed = (await api.get("/me/sessions", headers=member)).json()["items"]
    live = [one for one in listed if one["device"]]
    assert {(one["device"], one["current"]) for one in live} == {("Firefox on Linux", False)}
    assert "hash" not in str(listed)
    assert (await api.delete(f"/me/sessions/{live[0]['id']}", headers=member)).status_code == 204
    assert sorted([await is_in(first), await is_in(second)]) == [False, True]
    address = f"/people/{people['member'].id}/sessions"
    assert len((await api.get(address, headers=admin)).json()["items"]) == len(listed) - 1
    assert (await api.request("DELETE", address, json=LOST, headers=admin)).status_code == 204
    assert (await api.get("/me/sessions", headers=member)).json()["reasons"] == ["signed_out"]
    nobody = UUID(int=7)
    missing = await api.request("DELETE", f"/people/{nobody}/sessions", json=LOST, headers=admin)
    assert missing.status_code == 404


async def test_signing_oneself_out_by_the_api_refuses_the_very_token(
    people: object, api: httpx2.AsyncClient, token_for: TokenFor
) -> None:
    mine = bearer(token_for("member"))
    assert (await api.delete("/me/sessions", headers=mine)).status_code == 204
    assert (await api.get("/me", headers=mine)).status_code == 401


@pytest.mark.parametrize(
    ("agent", "name"),
    [(FIREFOX, "Firefox on Linux"), (EDGE, "Edge on Windows"), ("curl/8", None), (None, None)],
)
def test_a_browser_is_known_by_its_name_and_system(agent: str | None, name: str | None) -> None:
    assert device_name(agent) == name
