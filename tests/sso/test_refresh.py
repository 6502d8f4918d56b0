"""A session's tokens: kept sealed, refreshed once each, and believed only for the person they were for."""

from dataclasses import replace

import pytest

from sso.confirming import Need, need_of
from sso.errors import SignInError
from sso.kept import KeptTokens, open_sealed, seal
from sso.models import Session
from sso.settings import SessionSettings
from tests.sso.hostile import HostileProvider
from tests.sso.journey import Bench

KEY = b"k" * 32
KEPT = KeptTokens("the-id-token", "the-nonce", "the-refresh-token")


def test_kept_tokens_open_for_their_session_under_their_key_alone() -> None:
    sealed = seal(KEPT, KEY, "mine")

    assert open_sealed(sealed, KEY, "mine") == KEPT
    assert open_sealed(sealed, KEY, "theirs") is None
    assert open_sealed(sealed, b"x" * 32, "mine") is None
    assert open_sealed(sealed[:-1] + bytes([sealed[-1] ^ 1]), KEY, "mine") is None
    assert open_sealed(None, KEY, "mine") is None
    assert b"the-" not in sealed


def test_case_48_no_token_shows_in_a_repr() -> None:
    assert "the-" not in repr(KEPT)


async def test_a_refresh_gives_a_new_token_and_the_same_person(bench: Bench) -> None:
    claims = await bench.sign_in()
    assert claims.kept is not None
    again = await bench.party.refresh(claims.kept, claims.subject)

    assert again.kept is not None
    assert again.kept.refresh_token != claims.kept.refresh_token
    assert (again.subject, again.auth_time, again.sid) == (claims.subject, claims.auth_time, claims.sid)
    assert "the-" not in repr(again)


async def test_a_refresh_token_used_twice_ends_the_sign_in(bench: Bench) -> None:
    claims = await bench.sign_in()
    assert claims.kept is not None
    again = await bench.party.refresh(claims.kept, claims.subject)
    assert again.kept is not None
    for kept in (claims.kept, again.kept):
        with pytest.raises(SignInError) as refusal:
            await bench.party.refresh(kept, claims.subject)
        assert refusal.value.reason == "refresh_refused"


async def test_another_person_than_before_is_refused(bench: Bench) -> None:
    mine, theirs = await bench.sign_in("member"), await bench.sign_in("owner")
    assert theirs.kept is not None
    with pytest.raises(SignInError) as refusal:
        await bench.party.refresh(theirs.kept, mine.subject)

    assert refusal.value.reason == "refresh_refused:another_subject"


async def test_nothing_to_refresh_with(bench: Bench) -> None:
    claims = await bench.sign_in()
    assert claims.kept is not None
    with pytest.raises(SignInError) as refusal:
        await bench.party.refresh(replace(claims.kept, refresh_token=None), claims.subject)

    assert refusal.value.reason == "not_refreshable"


async def test_a_provider_that_is_away_is_told_from_one_that_refuses(
    hostile: tuple[Bench, HostileProvider],
) -> None:
    bench, provider = hostile
    claims = await bench.sign_in()
    assert claims.kept is not None
    bench.clock.forward(3601)
    provider.metadata["issuer"] = "https://evil.example"
    with pytest.raises(SignInError) as refusal:
        await bench.party.refresh(claims.kept, claims.subject)

    assert refusal.value.reason == "discovery_issuer_mismatch"


@pytest.mark.parametrize(
    ("age", "marked", "need"),
    [
        (0, None, Need.NOTHING),
        (299, None, Need.NOTHING),
        (300, None, Need.WISHED),
        (899, None, Need.WISHED),
        (900, None, Need.REQUIRED),
        (-1, None, Need.REQUIRED),
        (0, 5, Need.REQUIRED),
    ],
)
def test_when_a_session_has_to_be_confirmed(age: int, marked: int | None, need: Need) -> None:
    session = Session(refreshed=1_000_000_000_000, must_refresh=marked)  # type: ignore[call-arg]

    assert need_of(session, 1_000_000_000_000 + age * 1_000_000, SessionSettings()) is need
