"""Attack cases 11 to 17 and 67 on the callback, the code exchange and the step-up: no session may follow."""

import pytest
from sqlmodel.ext.asyncio.session import AsyncSession

from sso.errors import SignInError
from sso.flows import keep, safe_next_path, take
from tests.sso.hostile import ABSENT, HostileProvider
from tests.sso.journey import Bench, callback_params, choose

Hostile = tuple[Bench, HostileProvider]


async def refused(bench: Bench, person: str = "member", *, step_up: bool = False) -> str:
    with pytest.raises(SignInError) as refusal:
        await bench.sign_in(person, step_up=step_up)
    return refusal.value.reason


async def test_case_11_callback_used_twice(bench: Bench, db: AsyncSession) -> None:
    started = await bench.start()
    state = callback_params(started.url)["state"]
    await keep(db, started.row)
    await take(db, started.cookie_value, state, bench.clock())

    with pytest.raises(SignInError, match="not started in this browser"):
        await take(db, started.cookie_value, state, bench.clock())


async def test_case_11_callback_of_another_browser(bench: Bench, db: AsyncSession) -> None:
    mine, theirs = await bench.start(), await bench.start()
    await keep(db, mine.row)
    await keep(db, theirs.row)

    with pytest.raises(SignInError, match="not started in this browser"):
        await take(db, mine.cookie_value, callback_params(theirs.url)["state"], bench.clock())


@pytest.mark.parametrize("passed", [601, -1])
async def test_case_11_state_after_ten_minutes_or_from_the_future(
    bench: Bench, db: AsyncSession, passed: int
) -> None:
    started = await bench.start()
    await keep(db, started.row)
    bench.clock.forward(passed)

    with pytest.raises(SignInError, match="too old"):
        await take(db, started.cookie_value, callback_params(started.url)["state"], bench.clock())


@pytest.mark.parametrize("cookie", [None, ""])
async def test_case_11_no_cookie(bench: Bench, db: AsyncSession, cookie: str | None) -> None:
    with pytest.raises(SignInError, match="not started"):
        await take(db, cookie, "state", bench.clock())


@pytest.mark.parametrize("issuer", ["https://evil.example", "", ABSENT])
async def test_case_12_answer_from_another_issuer(hostile: Hostile, issuer: object) -> None:
    bench, provider = hostile
    provider.returned["iss"] = issuer

    assert await refused(bench) == "issuer_mismatch"


async def test_case_12_an_error_from_another_issuer_is_not_read(hostile: Hostile) -> None:
    bench, provider = hostile
    provider.returned.update({"iss": "https://evil.example", "error": "access_denied"})

    assert await refused(bench) == "issuer_mismatch"


@pytest.mark.parametrize(
    ("error", "reason"),
    [("access_denied", "provider_refused:access_denied"), ("<b>x</b>", "provider_refused:unknown")],
)
async def test_case_13_error_answer_repeats_no_foreign_text(
    hostile: Hostile, error: str, reason: str
) -> None:
    bench, provider = hostile
    provider.returned.update({"error": error, "error_description": "<script>alert(1)</script>"})
    started = await bench.start()
    with pytest.raises(SignInError) as refusal:
        await bench.finish(started, await choose(bench.http, started.url, "member"))

    assert refusal.value.reason == reason
    assert "<" not in refusal.value.sentence


async def test_case_13_answer_without_a_code(hostile: Hostile) -> None:
    bench, provider = hostile
    provider.returned["code"] = ABSENT

    assert await refused(bench) == "code_missing"


@pytest.mark.parametrize("id_token", [ABSENT, None, 7])
async def test_case_14_answer_without_an_id_token(hostile: Hostile, id_token: object) -> None:
    bench, provider = hostile
    provider.answer["id_token"] = id_token

    assert await refused(bench) == "id_token_missing"


@pytest.mark.parametrize("id_token", ["", "a.b", "a.b.c", "a.b.c.d.e", "x" * 20_000, "é.é.é"])
async def test_case_14_answer_with_something_else_as_id_token(hostile: Hostile, id_token: str) -> None:
    bench, provider = hostile
    provider.answer["id_token"] = id_token

    assert await refused(bench) == "id_token_refused:malformed"


async def test_case_16_another_code_verifier(bench: Bench) -> None:
    started = await bench.start()
    params = await choose(bench.http, started.url, "member")
    started.row.code_verifier = "another" * 10

    with pytest.raises(SignInError) as refusal:
        await bench.finish(started, params)
    assert refusal.value.reason == "code_exchange_failed"


async def test_case_16_the_challenge_is_always_s256(bench: Bench) -> None:
    asked = callback_params((await bench.start()).url)

    assert asked["code_challenge_method"] == "S256"
    assert len(asked["code_challenge"]) == 43


@pytest.mark.parametrize(
    "path",
    [
        *("//evil", "/\\evil", "https:evil", "https://evil", "javascript:alert(1)", "evil", "", None),
        *("%2f%2fevil", "/%2fevil", "/%252fevil", "/%5cevil", "/%09/evil", "/%0d%0a"),
        *("/\tevil", "/a\r\nSet-Cookie: x", "/a b", "/ü", "/" + "a" * 2000),
    ],
)
def test_case_17_next_path_that_leaves_the_site(path: str | None) -> None:
    assert safe_next_path(path) == "/"


@pytest.mark.parametrize("path", ["/", "/models", "/models?q=credit%20default&page=2", "/a//b", "/a#b"])
def test_case_17_next_path_on_this_site(path: str) -> None:
    assert safe_next_path(path) == path


async def test_case_67_step_up_stripped_from_the_address(bench: Bench) -> None:
    started = await bench.start(step_up=True)
    params = await choose(bench.http, started.url.replace("acr_values=dev-2", "x=1"), "owner")

    with pytest.raises(SignInError) as refusal:
        await bench.finish(started, params)
    assert refusal.value.reason == "step_up_not_met"


@pytest.mark.parametrize("claims", [{"auth_time": ABSENT}, {"acr": ABSENT}, {"acr": "1"}, {"auth_time": "x"}])
async def test_case_67_step_up_the_provider_does_not_confirm(
    hostile: Hostile, claims: dict[str, object]
) -> None:
    bench, provider = hostile
    provider.claims.update(claims)
    with pytest.raises(SignInError) as refusal:
        await bench.sign_in("owner", step_up=True)

    assert refusal.value.reason == "step_up_not_met"


async def test_case_67_step_up_with_an_old_sign_in(hostile: Hostile) -> None:
    bench, provider = hostile
    provider.claims["auth_time"] = bench.clock.now - 31

    with pytest.raises(SignInError) as refusal:
        await bench.sign_in("owner", step_up=True)
    assert refusal.value.reason == "step_up_not_met"
