"""The device flow of the development provider (RFC 8628), and attack case 46 on it."""

import re

import pytest

from sso.dev.devices import LETTERS
from tests.sso.journey import ISSUER, Bench

CLIENT = "guildhall-cli"
GRANT = "urn:ietf:params:oauth:grant-type:device_code"


async def begin(bench: Bench, client: str = CLIENT) -> dict[str, str]:
    answer = await bench.http.post(f"{ISSUER}/device_authorization", data={"client_id": client})
    assert answer.status_code == 200, answer.text
    said: dict[str, str] = answer.json()
    return said


async def poll(bench: Bench, device_code: str, client: str = CLIENT) -> dict[str, str]:
    form = {"grant_type": GRANT, "device_code": device_code, "client_id": client}
    said: dict[str, str] = (await bench.http.post(f"{ISSUER}/token", data=form)).json()
    return said


async def confirmation(bench: Bench, user_code: str) -> str:
    page = await bench.http.post(f"{ISSUER}/device", data={"user_code": user_code})
    found = re.search(r'name="confirmation" value="([^"]+)"', page.text)
    assert found is not None, page.text
    return found[1]


async def let_in(bench: Bench, user_code: str, person: str) -> None:
    form = {"user_code": user_code, "confirmation": await confirmation(bench, user_code), "person": person}
    assert (await bench.http.post(f"{ISSUER}/device", data=form)).status_code == 200


async def test_a_device_that_is_let_in_gets_tokens_once(bench: Bench) -> None:
    begun = await begin(bench)
    assert (await poll(bench, begun["device_code"]))["error"] == "authorization_pending"
    await let_in(bench, begun["user_code"].lower().replace("-", " "), "member")
    bench.clock.forward(5)
    tokens = await poll(bench, begun["device_code"])
    claims = await bench.verifier.verify(tokens["access_token"])

    assert claims.sub == "demo-member"
    bench.clock.forward(5)
    assert (await poll(bench, begun["device_code"]))["error"] == "invalid_grant"


async def test_its_refresh_token_is_good_once_and_a_second_use_ends_it(bench: Bench) -> None:
    begun = await begin(bench)
    await let_in(bench, begun["user_code"], "member")
    first = await poll(bench, begun["device_code"])
    form = {"grant_type": "refresh_token", "client_id": CLIENT, "refresh_token": first["refresh_token"]}
    second = (await bench.http.post(f"{ISSUER}/token", data=form)).json()
    assert second["refresh_token"] != first["refresh_token"]
    again = await bench.http.post(f"{ISSUER}/token", data=form)
    assert (again.status_code, again.json()) == (400, {"error": "invalid_grant"})
    form["refresh_token"] = second["refresh_token"]
    ended = await bench.http.post(f"{ISSUER}/token", data=form)

    assert (ended.status_code, ended.json()) == (400, {"error": "invalid_grant"})


async def test_case_46_polling_too_fast_slows_down(bench: Bench) -> None:
    begun = await begin(bench)
    await poll(bench, begun["device_code"])
    bench.clock.forward(4)
    assert (await poll(bench, begun["device_code"]))["error"] == "slow_down"
    bench.clock.forward(9)
    assert (await poll(bench, begun["device_code"]))["error"] == "slow_down"
    bench.clock.forward(15)

    assert (await poll(bench, begun["device_code"]))["error"] == "authorization_pending"


async def test_case_46_guessing_user_codes_locks(bench: Bench) -> None:
    begun = await begin(bench)
    for _ in range(5):
        wrong = await bench.http.post(f"{ISSUER}/device", data={"user_code": "BBBB-BBBB"})
        assert wrong.status_code == 400
    for form in ({"user_code": begun["user_code"]}, {"user_code": begun["user_code"], "confirmation": "x"}):
        assert (await bench.http.post(f"{ISSUER}/device", data=form)).status_code == 429
    bench.clock.forward(60)
    assert await confirmation(bench, begun["user_code"])


async def test_case_46_nothing_is_let_in_without_confirmation(bench: Bench) -> None:
    begun = await begin(bench)
    opened = await bench.http.get(begun["verification_uri_complete"])
    assert begun["user_code"] in opened.text
    assert "guildhall login" in opened.text
    for form in ({"person": "admin"}, {"person": "admin", "confirmation": "guessed"}):
        await bench.http.post(f"{ISSUER}/device", data={"user_code": begun["user_code"], **form})

    assert (await poll(bench, begun["device_code"]))["error"] == "authorization_pending"


async def test_case_46_a_stranger_who_is_not_mine_is_stopped(bench: Bench) -> None:
    begun = await begin(bench)
    await let_in(bench, begun["user_code"], "")
    assert (await poll(bench, begun["device_code"]))["error"] == "access_denied"


async def test_case_46_codes_end_and_belong_to_one_client(bench: Bench) -> None:
    begun = await begin(bench)
    assert (await poll(bench, begun["device_code"], "guildhall"))["error"] == "invalid_grant"
    assert (await poll(bench, "guessed"))["error"] == "invalid_grant"
    bench.clock.forward(601)
    assert (await poll(bench, begun["device_code"]))["error"] == "expired_token"


@pytest.mark.parametrize("client", ["guildhall", "other", ""])
async def test_case_46_only_the_command_line_asks(bench: Bench, client: str) -> None:
    answer = await bench.http.post(f"{ISSUER}/device_authorization", data={"client_id": client})

    assert answer.status_code == 401


async def test_user_codes_are_long_and_plain(bench: Bench) -> None:
    codes = {(await begin(bench))["user_code"] for _ in range(20)}

    assert len(codes) == 20
    assert all(set(code) <= {*LETTERS, "-"} and len(code) == 9 for code in codes)


async def test_revoking_a_refresh_token_ends_the_sign_in(bench: Bench) -> None:
    begun = await begin(bench)
    await let_in(bench, begun["user_code"], "member")
    tokens = await poll(bench, begun["device_code"])
    gone = {"token": tokens["refresh_token"], "client_id": CLIENT}
    assert (await bench.http.post(f"{ISSUER}/revoke", data=gone)).status_code == 200
    form = {"grant_type": "refresh_token", "client_id": CLIENT, "refresh_token": tokens["refresh_token"]}

    assert (await bench.http.post(f"{ISSUER}/token", data=form)).json() == {"error": "invalid_grant"}
