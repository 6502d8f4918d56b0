"""Attack cases 1 to 17 on the sign-in: each must end without claims, so without a session."""

from typing import Any

import pytest
from joserfc.jwk import ECKey, RSAKey

from sso.errors import SignInError
from sso.flows import keep, safe_next_path, take
from tests.sso.hostile import (
    ABSENT,
    Forge,
    HostileProvider,
    compact,
    hmac_with_public_key,
    signed_with,
    unsigned,
    with_header,
)
from tests.sso.journey import Bench, callback_params, choose

Hostile = tuple[Bench, HostileProvider]


async def refused(bench: Bench, person: str = "member") -> str:
    with pytest.raises(SignInError) as refusal:
        await bench.sign_in(person)
    return refusal.value.reason


async def test_an_honest_sign_in_passes_the_hostile_provider_untouched(hostile: Hostile) -> None:
    claims = await hostile[0].sign_in()

    assert (claims.subject, claims.handle, claims.acr) == ("demo-member", "member", "dev-1")


@pytest.mark.parametrize("metadata", [{}, {"id_token_signing_alg_values_supported": ["none", "ES256"]}])
async def test_case_01_unsigned_id_token(hostile: Hostile, metadata: dict[str, object]) -> None:
    bench, provider = hostile
    provider.metadata, provider.forge = metadata, unsigned

    assert await refused(bench) == "id_token_refused:algorithm_not_allowed"


def forged_by_a_stranger(kid: str | None) -> Forge:
    return signed_with(ECKey.generate_key("P-256"), kid=kid)


def claims_to_be_rs256(provider: HostileProvider, claims: dict[str, Any]) -> str:
    header = {"alg": "RS256", "typ": "JWT", "kid": provider.key.kid}
    return compact(header, claims, lambda _: b"x" * 256)


def hs256(provider: HostileProvider, claims: dict[str, Any]) -> str:
    return compact({"alg": "HS256", "kid": provider.key.kid}, claims, lambda _: b"x" * 32)


@pytest.mark.parametrize(
    ("forge", "reason"),
    [
        (forged_by_a_stranger(None), "bad_signature"),
        (forged_by_a_stranger("another"), "unknown_key"),
        (claims_to_be_rs256, "bad_signature"),
        (hs256, "algorithm_not_allowed"),
    ],
)
async def test_case_02_signed_by_another_key(hostile: Hostile, forge: Forge, reason: str) -> None:
    bench, provider = hostile
    provider.forge = forge

    assert await refused(bench) == f"id_token_refused:{reason}"


async def test_case_03_public_key_as_shared_secret(hostile: Hostile) -> None:
    bench, provider = hostile
    provider.forge = hmac_with_public_key

    assert await refused(bench) == "id_token_refused:algorithm_not_allowed"


@pytest.mark.parametrize("issuer", ["https://evil.example", "", ABSENT, 1])
async def test_case_04_another_issuer_in_the_id_token(hostile: Hostile, issuer: object) -> None:
    bench, provider = hostile
    provider.claims["iss"] = issuer

    assert (await refused(bench)).startswith("id_token_refused:")


async def test_case_04_another_issuer_in_the_metadata(hostile: Hostile) -> None:
    bench, provider = hostile
    provider.metadata["issuer"] = "https://evil.example"

    assert await refused(bench) == "discovery_issuer_mismatch"


@pytest.mark.parametrize("endpoint", ["authorization_endpoint", "token_endpoint", "jwks_uri"])
async def test_case_04_endpoints_without_transport_security(hostile: Hostile, endpoint: str) -> None:
    bench, provider = hostile
    provider.metadata[endpoint] = "http://evil.example/x"

    assert await refused(bench) == "discovery_malformed"


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "other", "azp": "guildhall"},
        {"aud": ["other"]},
        {"aud": ["guildhall", "other"]},
        {"aud": ["guildhall", "other"], "azp": "guildhall"},
        {"aud": "guildhall", "azp": "other"},
        {"aud": ABSENT},
        {"aud": []},
        {"aud": "guildhal"},
        {"aud": {"guildhall": True}},
    ],
)
async def test_case_05_another_audience(hostile: Hostile, claims: dict[str, object]) -> None:
    bench, provider = hostile
    provider.claims.update(claims)

    assert (await refused(bench)).startswith("id_token_refused:")


@pytest.mark.parametrize("claim", ["sub", "iat", "exp"])
@pytest.mark.parametrize("value", [ABSENT, None, ""])
async def test_case_06_missing_claims(hostile: Hostile, claim: str, value: object) -> None:
    bench, provider = hostile
    provider.claims[claim] = value

    assert (await refused(bench)).startswith("id_token_refused:")


@pytest.mark.parametrize("change", [{"exp": -31}, {"iat": 31}, {"nbf": 31}])
async def test_case_06_times_beyond_the_leeway(hostile: Hostile, change: dict[str, int]) -> None:
    bench, provider = hostile
    provider.claims.update({name: bench.clock.now + offset for name, offset in change.items()})

    assert (await refused(bench)).startswith("id_token_refused:")


@pytest.mark.parametrize("nonce", [ABSENT, "", "another", None, ["another"]])
async def test_case_07_nonce(hostile: Hostile, nonce: object) -> None:
    bench, provider = hostile
    provider.claims["nonce"] = nonce

    assert (await refused(bench)).startswith("id_token_refused:")


async def test_case_07_nonce_in_a_list(hostile: Hostile) -> None:
    bench, provider = hostile
    started = await bench.start()
    provider.claims["nonce"] = [started.row.nonce]

    with pytest.raises(SignInError, match="not valid"):
        await bench.finish(started, await choose(bench.http, started.url, "member"))


@pytest.mark.parametrize("given", ["AAAAAAAAAAAAAAAAAAAAAA", "", 7, "é"])
async def test_case_08_access_token_hash(hostile: Hostile, given: object) -> None:
    bench, provider = hostile
    provider.claims["at_hash"] = given

    assert await refused(bench) == "id_token_refused:access_token_hash"


async def test_case_09_no_key_id_with_several_keys(hostile: Hostile) -> None:
    bench, provider = hostile
    provider.more_keys = [ECKey.generate_key("P-256")]
    provider.forge = with_header(kid=ABSENT)

    assert await refused(bench) == "id_token_refused:unknown_key"


async def test_case_09_no_key_id_with_one_key_is_fine(hostile: Hostile) -> None:
    bench, provider = hostile
    provider.forge = with_header(kid=ABSENT)

    assert (await bench.sign_in()).subject == "demo-member"


async def test_case_09_a_rotated_key_is_found(hostile: Hostile) -> None:
    bench, provider = hostile
    await bench.sign_in()
    fresh = ECKey.generate_key("P-256")
    fresh.ensure_kid()
    provider.more_keys, provider.forge = [fresh], signed_with(fresh, kid=fresh.kid)
    bench.clock.forward(31)

    assert (await bench.sign_in()).subject == "demo-member"


async def test_case_09_a_flood_of_unknown_keys_asks_once_in_30_seconds(hostile: Hostile) -> None:
    bench, provider = hostile
    await bench.sign_in()
    provider.forge = forged_by_a_stranger("another")
    asked = provider.key_requests
    bench.clock.forward(31)
    for _ in range(5):
        await refused(bench)

    assert provider.key_requests == asked + 1


@pytest.mark.parametrize(
    "header",
    [
        {"crit": ["bork"], "bork": True},
        {"crit": ["b64"], "b64": False},
        {"jwk": {"kty": "EC"}},
        {"jku": "https://evil.example/jwks"},
        {"x5u": "https://evil.example/x5u"},
        {"kid": 1},
    ],
)
async def test_case_10_headers_that_bring_their_own_key(hostile: Hostile, header: dict[str, object]) -> None:
    bench, provider = hostile
    provider.forge = with_header(**header)

    assert await refused(bench) in {"id_token_refused:forbidden_header", "id_token_refused:malformed"}


async def test_case_11_callback_used_twice(bench: Bench, db: Any) -> None:
    started = await bench.start()
    state = callback_params(started.url)["state"]
    await keep(db, started.row)
    await take(db, started.cookie_value, state, bench.clock())

    with pytest.raises(SignInError, match="not started in this browser"):
        await take(db, started.cookie_value, state, bench.clock())


async def test_case_11_callback_of_another_browser(bench: Bench, db: Any) -> None:
    mine, theirs = await bench.start(), await bench.start()
    await keep(db, mine.row)
    await keep(db, theirs.row)

    with pytest.raises(SignInError, match="not started in this browser"):
        await take(db, mine.cookie_value, callback_params(theirs.url)["state"], bench.clock())


@pytest.mark.parametrize("passed", [601, -1])
async def test_case_11_state_after_ten_minutes_or_from_the_future(bench: Bench, db: Any, passed: int) -> None:
    started = await bench.start()
    await keep(db, started.row)
    bench.clock.forward(passed)

    with pytest.raises(SignInError, match="too old"):
        await take(db, started.cookie_value, callback_params(started.url)["state"], bench.clock())


@pytest.mark.parametrize("cookie", [None, ""])
async def test_case_11_no_cookie(bench: Bench, db: Any, cookie: str | None) -> None:
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


async def test_keys_of_other_kinds_are_left_out(hostile: Hostile) -> None:
    bench, provider = hostile
    encryption = RSAKey.generate_key(2048, {"use": "enc", "alg": "RSA-OAEP"})
    honest = provider.jwks()["keys"]
    provider.jwks = lambda: {"keys": [*honest, encryption.as_dict(), {"kty": "oct", "k": "AA"}]}  # type: ignore[method-assign]

    assert (await bench.sign_in()).subject == "demo-member"
