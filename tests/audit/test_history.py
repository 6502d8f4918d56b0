import hashlib
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlmodel.ext.asyncio.session import AsyncSession
from uuid_utils.compat import uuid7

from audit import canonical
from audit.errors import CanonicalError
from audit.history import append_row, as_of, hash_row, open_rows, state_digest
from tests.audit.log_store import Store

ROW = UUID(int=1)
OTHER = UUID(int=2)
FAR = 10_000


async def state(
    session: AsyncSession,
    text: str | None,
    since: int,
    known: int,
    *,
    until: int | None = None,
    row: UUID = ROW,
) -> str:
    return await append_row(
        session,
        kind="grant",
        row_id=row,
        row=None if text is None else {"permission": text},
        valid_from=since,
        valid_to=until,
        recorded_at=known,
        event_id=uuid7(),
    )


async def ask(session: AsyncSession, valid: int, known: int = FAR) -> str | None:
    version = await as_of(session, "grant", ROW, valid_at=valid, known_at=known)
    return None if version is None else version.row


async def test_a_row_is_what_was_said_last_of_each_moment(store: Store) -> None:
    async with store.main.write() as session:
        await state(session, "a", 100, 100)
        await state(session, "b", 200, 200)
        await state(session, None, 300, 300)
        assert [await ask(session, moment) for moment in (99, 100, 199, 200, 299, 300, 999)] == [
            None,
            '{"permission":"a"}',
            '{"permission":"a"}',
            '{"permission":"b"}',
            '{"permission":"b"}',
            None,
            None,
        ]


async def test_as_known_then_differs_from_as_known_now(store: Store) -> None:
    async with store.main.write() as session:
        await state(session, "a", 100, 100)
        await state(session, None, 150, 200)  # found out at 200: it ended at 150
        assert await ask(session, 160, known=199) == '{"permission":"a"}'
        assert await ask(session, 160, known=200) is None
        assert await ask(session, 149) == '{"permission":"a"}'


async def test_a_state_with_an_end_gives_way_to_what_was_before(store: Store) -> None:
    async with store.main.write() as session:
        await state(session, "a", 100, 100)
        await state(session, "b", 200, 200, until=300)
        assert await ask(session, 250) == '{"permission":"b"}'
        assert await ask(session, 300) == '{"permission":"a"}'


async def test_open_rows_are_those_that_held_then(store: Store) -> None:
    async with store.main.write() as session:
        await state(session, "a", 100, 100)
        await state(session, "x", 100, 110, row=OTHER, until=400)
        await state(session, None, 300, 300)

        async def held(valid: int, known: int = FAR) -> list[UUID]:
            return [one.row_id for one in await open_rows(session, "grant", valid_at=valid, known_at=known)]

        assert await held(200) == [ROW, OTHER]
        assert await held(200, known=105) == [ROW]
        assert await held(350) == [OTHER]
        assert await held(350, known=299) == [ROW, OTHER]
        assert await held(400) == []
        assert await open_rows(session, "role", valid_at=200, known_at=FAR) == []


async def test_hashes_bind_kind_id_row_and_time(store: Store) -> None:
    async with store.main.write() as session:
        found = await state(session, "a", 100, 100, until=200)
    stated = {
        "id": str(ROW),
        "kind": "grant",
        "row": {"permission": "a"},
        "valid_from": 100,
        "valid_to": 200,
    }
    assert found == hashlib.sha256(canonical.encode(stated)).hexdigest()
    assert found != hash_row("grant", OTHER, {"permission": "a"}, 100, 200)
    assert state_digest([found]) == hashlib.sha256(bytes.fromhex(found)).hexdigest()
    assert state_digest([found, "00" * 32]) != state_digest(["00" * 32, found])


async def test_the_past_cannot_be_changed(store: Store) -> None:
    async with store.main.write() as session:
        await state(session, "a", 100, 100)
    for statement in ("UPDATE row_version SET row = NULL", "DELETE FROM row_version"):
        async with store.main.engine.connect() as connection:
            with pytest.raises(sa.exc.IntegrityError, match="append-only"):
                await connection.exec_driver_sql(statement)


async def test_what_makes_no_sense_is_refused(store: Store) -> None:
    async with store.main.write() as session:
        with pytest.raises(ValueError, match="before it begins"):
            await state(session, "a", 100, 100, until=99)
        with pytest.raises(CanonicalError):
            await append_row(
                session,
                kind="grant",
                row_id=ROW,
                row={"weight": 0.5},
                valid_from=1,
                valid_to=None,
                recorded_at=1,
                event_id=uuid7(),
            )
