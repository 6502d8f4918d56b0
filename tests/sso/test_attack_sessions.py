"""Attack cases 25, 26, 30 and 32 on browser sessions."""

import hashlib

import pytest
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from sso import sessions
from sso.directory import admit, principal_of_session
from sso.models import PersonState, Session
from sso.sessions import CreatedSession
from sso.settings import SessionSettings
from tests.sso.journey import Bench

SETTINGS = SessionSettings()


async def signed_in(bench: Bench, db: AsyncSession, previous: str | None = None) -> CreatedSession:
    claims = await bench.sign_in()
    admission = await admit(db, claims, [], bench.clock())
    return await sessions.create(
        db,
        person_id=admission.person.id,
        claims=claims,
        now=bench.clock(),
        settings=SETTINGS,
        previous_cookie=previous,
    )


async def test_case_25_a_preset_cookie_is_not_adopted(bench: Bench, db: AsyncSession) -> None:
    created = await signed_in(bench, db, previous="preset-by-an-attacker")

    assert created.cookie_value != "preset-by-an-attacker"
    assert await sessions.find(db, "preset-by-an-attacker", bench.clock()) is None


async def test_case_25_a_new_sign_in_ends_the_old_session(bench: Bench, db: AsyncSession) -> None:
    old = await signed_in(bench, db)
    new = await signed_in(bench, db, previous=old.cookie_value)

    await db.refresh(old.session)
    assert await sessions.find(db, old.cookie_value, bench.clock()) is None
    assert await sessions.find(db, new.cookie_value, bench.clock()) is not None
    assert old.session.revoke_reason == "rotated"


async def test_case_26_a_stolen_table_holds_no_cookie(bench: Bench, db: AsyncSession) -> None:
    created = await signed_in(bench, db)
    kept = (await db.exec(select(Session))).one()

    assert await sessions.find(db, kept.id_hash, bench.clock()) is None
    assert created.cookie_value not in kept.model_dump_json()
    assert kept.id_hash == hashlib.sha256(created.cookie_value.encode()).hexdigest()
    assert len(created.cookie_value) >= 43


async def test_case_30_csrf_token_belongs_to_one_session(bench: Bench, db: AsyncSession) -> None:
    mine, theirs = await signed_in(bench, db), await signed_in(bench, db)
    token = sessions.csrf_token(mine.cookie_value, b"key")

    assert sessions.check_csrf(token, mine.cookie_value, b"key")
    assert not sessions.check_csrf(token, theirs.cookie_value, b"key")
    assert not sessions.check_csrf(token, mine.cookie_value, b"another key")
    assert not any(
        sessions.check_csrf(wrong, mine.cookie_value, b"key") for wrong in (None, "", "é", token[1:])
    )


@pytest.mark.parametrize(("passed", "alive"), [(1799, True), (1800, False), (-30, True), (-31, False)])
async def test_case_32_idle_end_and_a_clock_that_moved_back(
    bench: Bench, db: AsyncSession, passed: int, alive: bool
) -> None:
    created = await signed_in(bench, db)
    bench.clock.forward(passed)

    assert (await sessions.find(db, created.cookie_value, bench.clock()) is not None) is alive


async def test_case_32_absolute_end_however_busy(bench: Bench, db: AsyncSession) -> None:
    created = await signed_in(bench, db)
    for _ in range(24):
        bench.clock.forward(1500 - 1)
        await sessions.touch(db, created.session.id_hash, bench.clock(), SETTINGS)
    await db.refresh(created.session)
    assert await sessions.find(db, created.cookie_value, bench.clock()) is not None

    bench.clock.forward(24)
    assert await sessions.find(db, created.cookie_value, bench.clock()) is None


async def test_case_32_a_late_touch_wakes_nothing(bench: Bench, db: AsyncSession) -> None:
    created = await signed_in(bench, db)
    bench.clock.forward(1801)
    await sessions.touch(db, created.session.id_hash, bench.clock(), SETTINGS)
    await db.refresh(created.session)

    assert await sessions.find(db, created.cookie_value, bench.clock()) is None


async def test_use_is_written_down_once_a_minute(bench: Bench, db: AsyncSession) -> None:
    created = await signed_in(bench, db)

    assert not sessions.needs_touch(created.session, bench.clock() + 59_999_999)
    assert sessions.needs_touch(created.session, bench.clock() + 60_000_000)


async def test_revoking_a_person_ends_all_their_sessions(bench: Bench, db: AsyncSession) -> None:
    created = [await signed_in(bench, db) for _ in range(3)]
    ended = await sessions.revoke_all_of(db, created[0].session.person_id, bench.clock(), "disabled")

    assert set(ended) == {one.session.id_hash for one in created}
    for one in created:
        await db.refresh(one.session)
        assert await sessions.find(db, one.cookie_value, bench.clock()) is None


async def test_a_session_proves_who_and_how_strongly(bench: Bench, db: AsyncSession) -> None:
    created = await signed_in(bench, db)
    principal = await principal_of_session(db, created.session)

    assert principal is not None
    assert (principal.handle, principal.kind) == ("member", "person")
    assert principal.authentication.session_id_hash == created.session.id_hash
    assert principal.authentication.acr == "dev-1"


async def test_a_disabled_person_has_no_principal(bench: Bench, db: AsyncSession) -> None:
    admission = await admit(db, await bench.sign_in(), [], bench.clock())
    created = await signed_in(bench, db)
    admission.person.state = PersonState.DISABLED
    await db.flush()

    assert await principal_of_session(db, created.session) is None


def test_no_secret_shows_in_a_repr() -> None:
    created = CreatedSession("the-cookie", Session(id_hash="the-hash"))  # type: ignore[call-arg]

    assert "the-cookie" not in repr(created)


async def test_signing_out_everywhere_refuses_older_tokens(bench: Bench, db: AsyncSession) -> None:
    created = await signed_in(bench, db)
    who, now = (created.session.issuer, created.session.subject), bench.clock.now
    assert not await sessions.are_tokens_refused(db, *who, now)
    await sessions.revoke_all_of(db, created.session.person_id, bench.clock(), "signed_out_everywhere")

    assert await sessions.are_tokens_refused(db, *who, now)
    assert not await sessions.are_tokens_refused(db, *who, now + 1)
    assert not await sessions.are_tokens_refused(db, who[0], "another", now)


async def test_a_mark_reaches_every_session_of_its_subject_and_no_other(
    bench: Bench, db: AsyncSession
) -> None:
    mine, ended = [await signed_in(bench, db) for _ in range(2)]
    await sessions.revoke(db, ended.session.id_hash, bench.clock(), "signed_out")
    await sessions.mark_must_refresh(db, mine.session.issuer, "another", bench.clock())
    await db.refresh(mine.session)
    before = mine.session.must_refresh
    await sessions.mark_must_refresh(db, mine.session.issuer, mine.session.subject, bench.clock())
    for one in (mine, ended):
        await db.refresh(one.session)
    assert (before, mine.session.must_refresh) == (None, bench.clock())
    assert ended.session.must_refresh is None


@pytest.mark.parametrize(("after", "alive"), [(-1, True), (0, True), (1, False)])
async def test_case_34_what_began_before_a_new_password_is_over(
    bench: Bench, db: AsyncSession, after: int, alive: bool
) -> None:
    created, other = await signed_in(bench, db), await signed_in(bench, db)
    who = created.session.issuer, created.session.subject
    other.session.auth_time = None
    await db.flush()
    moment = (bench.clock.now + after) * 1_000_000 + 999
    await sessions.revoke_before(db, *who, moment, bench.clock())
    for one in (created, other):
        await db.refresh(one.session)
        assert (await sessions.find(db, one.cookie_value, bench.clock()) is not None) is alive
        assert one.session.revoke_reason == (None if alive else "credentials_reset")
    assert await sessions.are_tokens_refused(db, *who, bench.clock.now) is not alive
