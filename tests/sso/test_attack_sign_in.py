"""Attack cases 1 to 10 on the ID token and the keys: each must end without claims, so without a session."""

from typing import Any

import pytest
from joserfc.jwk import ECKey, RSAKey

from sso.errors import SignInError
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
from tests.sso.journey import Bench, choose

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


async def test_keys_of_other_kinds_are_left_out(hostile: Hostile) -> None:
    bench, provider = hostile
    encryption = RSAKey.generate_key(2048, {"use": "enc", "alg": "RSA-OAEP"})
    honest = provider.jwks()["keys"]
    provider.jwks = lambda: {"keys": [*honest, encryption.as_dict(), {"kty": "oct", "k": "AA"}]}  # type: ignore[method-assign]

    assert (await bench.sign_in()).subject == "demo-member"
