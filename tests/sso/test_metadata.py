import httpx2
import pytest

from sso.errors import ProviderError
from sso.metadata import FAILED_PAUSE, TTL, ProviderMetadata
from sso.settings import IssuerSettings
from tests.sso.hostile import ABSENT, HostileProvider
from tests.sso.journey import ISSUER, Bench, SettableClock

Hostile = tuple[Bench, HostileProvider]


async def test_nothing_is_fetched_before_it_is_needed(hostile: Hostile) -> None:
    bench, provider = hostile
    await bench.metadata.document()

    assert provider.key_requests == 0


async def test_metadata_is_read_again_after_an_hour(hostile: Hostile) -> None:
    bench, provider = hostile
    before = await bench.metadata.document()
    provider.metadata["token_endpoint"] = f"{ISSUER}/token2"
    bench.clock.forward(3599)
    same = await bench.metadata.document()
    bench.clock.forward(1)
    later = await bench.metadata.document()

    assert before == same
    assert later.token_endpoint == f"{ISSUER}/token2"


async def test_a_clock_that_moved_back_makes_everything_old(hostile: Hostile) -> None:
    bench, provider = hostile
    await bench.metadata.key(None)
    bench.clock.forward(-100)
    await bench.metadata.key(None)

    assert provider.key_requests == 2


async def test_the_revision_of_the_keys_follows_the_keys(hostile: Hostile) -> None:
    bench, provider = hostile
    before = await bench.metadata.keys_revision()
    provider._key_path = provider._key_path.with_name("another.key")
    del provider.key
    bench.clock.forward(3600)

    assert await bench.metadata.keys_revision() != before


@pytest.mark.parametrize("name", ["issuer", "token_endpoint", "jwks_uri", "authorization_endpoint"])
async def test_metadata_without_what_is_needed(hostile: Hostile, name: str) -> None:
    bench, provider = hostile
    provider.metadata[name] = ABSENT

    with pytest.raises(ProviderError) as refusal:
        await bench.metadata.document()
    assert refusal.value.reason == "discovery_malformed"


async def answer(response: httpx2.Response) -> str:
    http = httpx2.AsyncClient(transport=httpx2.MockTransport(lambda _: response))
    metadata = ProviderMetadata(IssuerSettings(url="https://id.example"), http, SettableClock())
    with pytest.raises(ProviderError) as refusal:
        await metadata.key("x")
    return refusal.value.reason


@pytest.mark.parametrize(
    ("response", "reason"),
    [
        (httpx2.Response(500), "provider_unavailable"),
        (httpx2.Response(302, headers={"location": "https://evil.example"}), "provider_unavailable"),
        (httpx2.Response(200, text="<html>"), "provider_unavailable"),
        (httpx2.Response(200, json=[]), "discovery_malformed"),
        (httpx2.Response(200, json={"issuer": 7}), "discovery_malformed"),
    ],
)
async def test_answers_that_cannot_be_used(response: httpx2.Response, reason: str) -> None:
    assert await answer(response) == reason


@pytest.mark.parametrize("keys", [{}, {"keys": 7}, {"keys": [7]}, {"keys": [{"kty": "EC"}]}, {"keys": []}])
async def test_key_sets_that_cannot_be_used(hostile: Hostile, keys: dict[str, object]) -> None:
    bench, provider = hostile
    provider.jwks = lambda: keys  # type: ignore[method-assign]

    with pytest.raises(ProviderError) as refusal:
        await bench.metadata.key(None)
    assert refusal.value.reason == "keys_malformed"


async def test_keys_that_cannot_be_read_again_at_their_hour_are_not_used(hostile: Hostile) -> None:
    bench, provider = hostile
    kid = provider.key.kid
    honest = provider.jwks
    assert await bench.metadata.key(kid) is not None
    bench.clock.forward(TTL)
    provider.jwks = lambda: {"keys": []}  # type: ignore[method-assign]

    for _ in range(3):
        with pytest.raises(ProviderError):
            await bench.metadata.key(kid)
        bench.clock.forward(FAILED_PAUSE - 1)
    with pytest.raises(ProviderError):
        await bench.metadata.keys_revision()

    provider.jwks = honest  # type: ignore[method-assign]
    bench.clock.forward(FAILED_PAUSE)
    assert await bench.metadata.key(kid) is not None


async def test_a_failed_reading_answers_for_who_asks_next(hostile: Hostile) -> None:
    bench, provider = hostile
    asked = []
    provider.jwks = lambda: asked.append(1) or {"keys": []}  # type: ignore[method-assign,func-returns-value]

    for _ in range(3):
        with pytest.raises(ProviderError) as refusal:
            await bench.metadata.key("x")
        assert refusal.value.reason == "keys_malformed"

    assert len(asked) == 1
