"""Attack case 42 and its neighbours: what may not pass as a bearer access token."""

import pytest
from joserfc.jwk import ECKey

from sso.dev.people import DEMO_PEOPLE
from sso.dev.tokens import CLIENT_ID, access_claims, confirm, id_claims, issue_token, sign
from sso.errors import TokenError
from sso.settings import AUDIENCE
from tests.sso.hostile import ABSENT, HostileProvider, hmac_with_public_key, signed_with, unsigned
from tests.sso.journey import ISSUER, START, Bench

Hostile = tuple[Bench, HostileProvider]


def honest_claims(**changed: object) -> dict[str, object]:
    claims = access_claims(ISSUER, confirm(DEMO_PEOPLE["member"], step_up=True, now=START), START)
    return {name: value for name, value in {**claims, **changed}.items() if value is not ABSENT}


async def refused(bench: Bench, token: str) -> str:
    with pytest.raises(TokenError) as refusal:
        await bench.verifier.verify(token)
    return refusal.value.reason


async def test_an_honest_token_is_believed(hostile: Hostile) -> None:
    bench, provider = hostile
    claims = await bench.verifier.verify(provider.forge_access(honest_claims()))

    assert (claims.iss, claims.sub, claims.aud) == (ISSUER, "demo-member", (AUDIENCE,))
    assert (claims.acr, claims.auth_time, claims.exp) == ("dev-2", START, START + 3600)


async def test_keycloaks_form_of_an_access_token_is_believed(hostile: Hostile) -> None:
    bench, provider = hostile
    claims = honest_claims(typ="Bearer", aud=["account", AUDIENCE])
    token = provider.forge_access(claims, typ="JWT")

    assert (await bench.verifier.verify(token)).aud == ("account", AUDIENCE)


async def test_keycloaks_form_of_a_bound_access_token_is_believed_as_bound_to_its_key(
    hostile: Hostile,
) -> None:
    bench, provider = hostile
    bound = provider.forge_access(honest_claims(typ="DPoP", cnf={"jkt": "a-thumbprint"}), typ="JWT")

    assert (await bench.verifier.verify(bound)).bound_to == "a-thumbprint"


@pytest.mark.parametrize("cnf", [ABSENT, None, {}, {"x5t#S256": "a-thumbprint"}])
async def test_case_45_a_token_that_calls_itself_bound_and_is_not_is_refused(
    hostile: Hostile, cnf: object
) -> None:
    bench, provider = hostile
    token = provider.forge_access(honest_claims(typ="DPoP", cnf=cnf), typ="JWT")

    assert await refused(bench, token) in {"not_an_access_token", "binding_unknown"}


@pytest.mark.parametrize("aud", ["other", ["other"], ABSENT, [], "", "guildhall2", 7])
async def test_case_42_another_audience(hostile: Hostile, aud: object) -> None:
    bench, provider = hostile

    assert "claim" in await refused(bench, provider.forge_access(honest_claims(aud=aud)))


async def test_case_42_an_id_token_although_its_audience_is_ours(hostile: Hostile) -> None:
    bench, provider = hostile
    signed_in = confirm(DEMO_PEOPLE["member"], step_up=True, now=START)
    claims = {**id_claims(ISSUER, signed_in, "nonce", "access", START), "jti": "1"}

    assert CLIENT_ID == AUDIENCE
    assert await refused(bench, sign(provider.key, claims)) == "not_an_access_token"
    assert await refused(bench, sign(provider.key, {**claims, "typ": "ID"})) == "not_an_access_token"
    assert await refused(bench, sign(provider.key, {**claims, "typ": "Bearer"})) == "not_an_access_token"


@pytest.mark.parametrize("header", ["logout+jwt", "JWT", "secevent+jwt"])
async def test_case_42_a_logout_token(hostile: Hostile, header: str) -> None:
    bench, provider = hostile
    events: dict[str, object] = {"http://schemas.openid.net/event/backchannel-logout": {}}
    claims = honest_claims(typ="Logout", events=events)

    assert await refused(bench, provider.forge_access(claims, typ=header)) == "not_an_access_token"


async def test_case_42_a_refresh_token(hostile: Hostile) -> None:
    bench, provider = hostile
    token = provider.forge_access(honest_claims(typ="Refresh"), typ="JWT")

    assert await refused(bench, token) == "not_an_access_token"


@pytest.mark.parametrize("claim", ["iss", "sub", "exp", "iat", "jti"])
async def test_missing_claims(hostile: Hostile, claim: str) -> None:
    bench, provider = hostile

    assert await refused(bench, provider.forge_access(honest_claims(**{claim: ABSENT})))


@pytest.mark.parametrize(
    "changed",
    [{"exp": START - 31}, {"iat": START + 31}, {"exp": "soon"}, {"jti": 1}, {"sub": ["demo-member"]}],
)
async def test_wrong_claims(hostile: Hostile, changed: dict[str, object]) -> None:
    bench, provider = hostile

    assert await refused(bench, provider.forge_access(honest_claims(**changed)))


async def test_an_issuer_nobody_trusts(hostile: Hostile) -> None:
    bench, provider = hostile
    token = provider.forge_access(honest_claims(iss="https://evil.example"))

    assert await refused(bench, token) == "unknown_issuer"


async def test_forged_signatures(hostile: Hostile) -> None:
    bench, provider = hostile
    stranger = signed_with(ECKey.generate_key("P-256"), {"typ": "at+jwt"})

    assert await refused(bench, unsigned(provider, honest_claims())) == "algorithm_not_allowed"
    assert await refused(bench, hmac_with_public_key(provider, honest_claims())) == "algorithm_not_allowed"
    assert await refused(bench, stranger(provider, honest_claims())) == "bad_signature"


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "....", "é.é.é", "x" * 20_000])
async def test_things_that_are_no_token(bench: Bench, token: str) -> None:
    assert await refused(bench, token) == "malformed"


async def test_the_cache_knows_the_whole_token(hostile: Hostile) -> None:
    bench, provider = hostile
    token = provider.forge_access(honest_claims())
    await bench.verifier.verify(token)
    other = token[:-6] + ("AAAAAA" if not token.endswith("AAAAAA") else "BBBBBB")

    assert await refused(bench, other) == "bad_signature"


async def test_the_cache_ends_with_the_token(hostile: Hostile) -> None:
    bench, provider = hostile
    token = provider.forge_access(honest_claims())
    await bench.verifier.verify(token)
    bench.clock.forward(3600 + 31)

    assert await refused(bench, token) == "expired_token:exp"


async def test_the_cache_ends_with_the_keys(hostile: Hostile) -> None:
    bench, provider = hostile
    key = ECKey.generate_key("P-256")
    key.ensure_kid()
    provider.more_keys = [key]
    token = signed_with(key, {"typ": "at+jwt"}, kid=key.kid)(provider, honest_claims(exp=START + 9000))
    await bench.verifier.verify(token)
    provider.more_keys = []
    bench.clock.forward(3601)

    assert await refused(bench, token) == "unknown_key"


async def test_the_cache_is_bounded_and_asks_for_no_key_again(hostile: Hostile) -> None:
    bench, provider = hostile
    for number in range(5):
        await bench.verifier.verify(provider.forge_access(honest_claims(jti=str(number))))

    assert provider.key_requests == 1


async def test_dev_token_is_accepted(bench: Bench) -> None:
    path = bench.provider._key_path
    token = issue_token(path, ISSUER, "owner", True, bench.clock())
    proof = (await bench.verifier.verify(token)).authentication()

    assert proof.is_stepped_up(bench.clock.now, ("dev-2",))
    assert not proof.is_stepped_up(bench.clock.now + 301, ("dev-2",))
    assert proof.sign_in_key().startswith("jti:")


async def test_only_our_own_scopes_limit_a_token(hostile: Hostile) -> None:
    bench, provider = hostile
    plain = await bench.verifier.verify(provider.forge_access(honest_claims(scope="openid profile")))
    ours = honest_claims(scope="openid guildhall:model.invoke")
    limited = await bench.verifier.verify(provider.forge_access(ours))

    assert plain.authentication().scopes is None
    assert limited.authentication().scopes == frozenset({"model.invoke"})


async def test_a_provider_that_does_not_answer(hostile: Hostile) -> None:
    bench, provider = hostile
    token = provider.forge_access(honest_claims())
    provider.metadata["jwks_uri"] = f"{ISSUER}/nowhere"

    assert await refused(bench, token) == "issuer_unavailable"
