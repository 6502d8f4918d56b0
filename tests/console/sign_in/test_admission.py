"""Admission at the same moment, and what a sign-in changes, told event by event."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from sqlmodel import select

from audit import history
from console.database import Database
from console.installation import migrate_all
from console.questions import Origin
from console.services import Services, build
from console.settings import load_settings
from console.sign_in.admission import start_session
from sso.claims import IdTokenClaims
from sso.models import Identity, Person
from tests.console.conftest import START, Admit, MovingClock
from tests.console.visitor import heads, sessions_of

ISSUER = "http://127.0.0.1:8400/dev-idp"
HERE = Origin("tests")


def claims(subject: str = "new", handle: str = "newcomer") -> IdTokenClaims:
    return IdTokenClaims(ISSUER, subject, expires=0, issued=0, handle=handle, given={"groups": []})


@pytest.fixture
def sqlite(tmp_path: Path) -> None:
    return None


@pytest.fixture
def postgresql(postgres_database: Callable[[], str]) -> str:
    return postgres_database()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.real)])
async def at_once(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Services]:
    """Services on either database, which only sign people in."""
    url = request.getfixturevalue(request.param)
    database = {"database": {"url": url, "log_url": url}} if url else {}
    settings = load_settings(data=tmp_path / "var", **database)
    await migrate_all(settings)
    services = build(settings, MovingClock())
    yield services
    await services.close()


async def people(database: Database) -> tuple[int, int]:
    async with database.read() as session:
        known = (await session.exec(select(Person))).all()
        return len(known), len((await session.exec(select(Identity))).all())


async def test_first_sign_ins_of_one_person_at_once_make_one_person(at_once: Services) -> None:
    signed = await asyncio.gather(*(start_session(at_once, claims(), None, HERE) for _ in range(4)))
    assert len({one.principal.id for one in signed}) == 1
    assert len({one.session.cookie_value for one in signed}) == 4
    assert await people(at_once.database) == (1, 1)
    assert len(await heads(at_once, "person.create")) == 1
    assert len(await heads(at_once, "session.create")) == 4


async def test_newcomers_of_one_name_at_once_are_as_many_people(at_once: Services) -> None:
    signed = await asyncio.gather(
        *(start_session(at_once, claims(subject), None, HERE) for subject in "abcd")
    )
    handles = {one.principal.handle for one in signed}
    assert handles == {"newcomer", "newcomer-2", "newcomer-3", "newcomer-4"}
    assert await people(at_once.database) == (4, 4)


async def test_what_a_sign_in_gives_and_takes_is_recorded_with_its_history(
    services: Services, admit: Admit
) -> None:
    first = await admit("changer", ("retail", "guildhall-admins"))
    again = await admit("changer", ("risk-owners",))
    assert again.id == first.id
    made = [str(head["action"]) for head in await heads(services)]
    assert made[:4] == ["person.create", "membership.create", "role.assign", "session.create"]
    assert sorted(made[4:7]) == ["membership.create", "membership.remove", "role.remove"]
    assert {head["actor"] for head in await heads(services)} == {str(first.id)}
    assert all("state" in head for head in await heads(services) if head["action"] != "session.create")
    async with services.database.read() as session:
        later = services.clock() + 1
        roles = await history.open_rows(session, "role_assignment", valid_at=later, known_at=later)
        memberships = await history.open_rows(session, "membership", valid_at=later, known_at=later)
        before = await history.open_rows(session, "role_assignment", valid_at=START, known_at=later)
    assert (len(roles), len(memberships), len(before)) == (0, 1, 0)


async def test_no_name_reaches_the_history_of_rows(services: Services, admit: Admit) -> None:
    await admit("conspicuous", ("retail",))
    async with services.database.read() as session:
        later = services.clock() + 1
        found = [
            row
            for kind in ("person", "identity", "membership")
            for row in await history.open_rows(session, kind, valid_at=later, known_at=later)
        ]
    assert len(found) == 3
    assert "conspicuous" not in "".join(row.row or "" for row in found).lower()
    assert len(await sessions_of(services)) == 1
