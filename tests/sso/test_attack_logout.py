"""Attack cases 27 and 28 on back-channel logout: a forged token ends nothing, an honest one enough.

The ids are those of the OpenID conformance suite's tests of relying parties.
"""

from typing import Any

import pytest
from joserfc.jwk import ECKey
from sqlmodel.ext.asyncio.session import AsyncSession

from console.database import Database
from sso import sessions
from sso.directory import admit
from sso.errors import LogoutRefusedError
from sso.logout_token import EVENT, LogoutClaims, believe_logout_token
from sso.sessions import CreatedSession
from sso.settings import SessionSettings
from sso.sign_outs import sign_out
from tests.sso.hostile import (
    ABSENT,
    HostileProvider,
    hmac_with_public_key,
    signed_with,
    unsigned,
    with_header,
)
from tests.sso.journey import ISSUER, START, Bench

Hostile = tuple[Bench, HostileProvider]


def honest(**changes: object) -> dict[str, Any]:
    claims = {
        "iss": ISSUER,
        "aud": "guildhall",
        "sub": "demo-member",
        "sid": "the-sid",
        "jti": "the-jti",
        "iat": START,
        "exp": START + 120,
        "events": {EVENT: {}},
    }
    return {name: value for name, value in {**claims, **changes}.items() if value is not ABSENT}


def token(provider: HostileProvider, **changes: object) -> str:
    return with_header(typ="logout+jwt")(provider, honest(**changes))


async def believed(bench: Bench, text: str) -> LogoutClaims:
    return await believe_logout_token(text, metadata=bench.metadata, now=bench.clock.now)


async def refused(bench: Bench, text: str) -> str:
    with pytest.raises(LogoutRefusedError) as refusal:
        await believed(bench, text)
    return refusal.value.reason


async def test_an_honest_logout_token_is_believed(hostile: Hostile) -> None:
    bench, provider = hostile

    assert await believed(bench, token(provider)) == LogoutClaims(
        ISSUER, "the-jti", START + 120, "demo-member", "the-sid"
    )


@pytest.mark.parametrize("absent", [("sub",), ("sid",)])
async def test_one_of_subject_and_session_is_enough(hostile: Hostile, absent: tuple[str, ...]) -> None:
    bench, provider = hostile

    claims = await believed(bench, token(provider, **dict.fromkeys(absent, ABSENT)))
    assert [name for name in ("subject", "sid") if getattr(claims, name) is None] == [
        {"sub": "subject", "sid": "sid"}[name] for name in absent
    ]


async def test_case_27_unsigned_or_signed_by_another(hostile: Hostile) -> None:
    """oidcc-client-test-rp-backchannel-rpinitlogout-alg-none and -invalid-sig-*."""
    bench, provider = hostile
    stranger = signed_with(ECKey.generate_key("P-256"), {"typ": "logout+jwt"})

    assert await refused(bench, unsigned(provider, honest())) == "algorithm_not_allowed"
    assert await refused(bench, hmac_with_public_key(provider, honest())) == "algorithm_not_allowed"
    assert await refused(bench, stranger(provider, honest())) == "bad_signature"


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        pytest.param({"iss": "https://evil.example"}, "invalid_claim:iss", id="wrong-iss"),
        pytest.param({"aud": "other"}, "invalid_claim:aud", id="wrong-aud"),
        pytest.param({"aud": ["guildhall", "other"]}, "untrusted_audience", id="more-aud"),
        pytest.param({"events": ABSENT}, "event_missing", id="no-event"),
        pytest.param({"events": {"http://other": {}}}, "event_missing", id="wrong-event"),
        pytest.param({"events": {EVENT: "yes"}}, "event_missing", id="event-no-object"),
        pytest.param({"events": [EVENT]}, "event_missing", id="event-list"),
        pytest.param({"nonce": "any"}, "nonce_present", id="with-nonce"),
        pytest.param({"sub": ABSENT, "sid": ABSENT}, "nobody_named", id="no-sid-no-sub"),
        pytest.param({"sub": 7}, "invalid_claim:sub", id="sub-number"),
        pytest.param({"sid": ["the-sid"]}, "invalid_claim:sid", id="sid-list"),
        pytest.param({"jti": ABSENT}, "missing_claim:jti", id="no-jti"),
        pytest.param({"jti": 1}, "invalid_claim:jti", id="jti-number"),
        pytest.param({"iat": ABSENT}, "missing_claim:iat", id="no-iat"),
        pytest.param({"exp": ABSENT}, "missing_claim:exp", id="no-exp"),
        pytest.param({"exp": START - 31}, "expired_token:exp", id="over"),
        pytest.param({"iat": START + 31, "exp": START + 120}, "invalid_claim:iat", id="from-the-future"),
        pytest.param({"exp": START + 601}, "too_long_a_life", id="too-long"),
    ],
)
async def test_case_27_wrong_claims(hostile: Hostile, changed: dict[str, object], reason: str) -> None:
    """oidcc-client-test-rp-backchannel-rpinitlogout-* of the claim in question."""
    bench, provider = hostile

    assert await refused(bench, token(provider, **changed)) == reason


@pytest.mark.parametrize("kind", ["at+jwt", "rt+jwt", "dpop+jwt"])
async def test_case_27_another_kind_of_token(hostile: Hostile, kind: str) -> None:
    bench, provider = hostile

    assert await refused(bench, with_header(typ=kind)(provider, honest())) == "not_a_logout_token"


async def test_case_27_used_twice(hostile: Hostile, database: Database) -> None:
    """oidcc-client-test-rp-backchannel-rpinitlogout: `jti` is good once."""
    bench, provider = hostile
    claims = await believed(bench, token(provider))
    async with database.write() as db:
        await sign_out(db, claims, bench.clock())

    with pytest.raises(LogoutRefusedError, match="used before"):
        async with database.write() as db:
            await sign_out(db, claims, bench.clock())


async def signed_in(bench: Bench, db: AsyncSession, person: str = "member") -> CreatedSession:
    claims = await bench.sign_in(person)
    admission = await admit(db, claims, [], bench.clock())
    return await sessions.create(
        db, person_id=admission.person.id, claims=claims, now=bench.clock(), settings=SessionSettings()
    )


async def test_case_28_one_of_three_ends_and_the_others_must_be_confirmed(
    bench: Bench, db: AsyncSession
) -> None:
    three = [await signed_in(bench, db) for _ in range(3)]
    stranger = await signed_in(bench, db, "owner")
    named = LogoutClaims(ISSUER, "jti", START + 120, "demo-member", three[0].session.provider_sid)
    done = await sign_out(db, named, bench.clock())

    for one in (*three, stranger):
        await db.refresh(one.session)
    assert (done.person_id, done.ended) == (three[0].session.person_id, 1)
    assert three[0].session.revoke_reason == "back_channel_logout"
    assert [one.session.must_refresh for one in three[1:]] == [bench.clock()] * 2
    assert (stranger.session.revoked_at, stranger.session.must_refresh) == (None, None)


async def test_case_28_without_a_subject_the_session_names_it(bench: Bench, db: AsyncSession) -> None:
    ended, other = [await signed_in(bench, db) for _ in range(2)]
    await sign_out(
        db, LogoutClaims(ISSUER, "jti", START + 120, None, ended.session.provider_sid), bench.clock()
    )
    await db.refresh(other.session)

    assert other.session.must_refresh == bench.clock()


async def test_case_28_without_a_session_all_of_the_subject_end(bench: Bench, db: AsyncSession) -> None:
    both = [await signed_in(bench, db) for _ in range(2)]
    done = await sign_out(db, LogoutClaims(ISSUER, "jti", START + 120, "demo-member", None), bench.clock())

    assert done.ended == 2
    for one in both:
        assert await sessions.find(db, one.cookie_value, bench.clock()) is None


async def test_case_28_another_subjects_session_is_left_alone(bench: Bench, db: AsyncSession) -> None:
    mine, theirs = await signed_in(bench, db), await signed_in(bench, db, "owner")
    named = LogoutClaims(ISSUER, "jti", START + 120, "demo-member", theirs.session.provider_sid)
    done = await sign_out(db, named, bench.clock())

    assert done.ended == 0
    assert await sessions.find(db, theirs.cookie_value, bench.clock()) is not None
    await db.refresh(mine.session)
    assert mine.session.must_refresh is not None
