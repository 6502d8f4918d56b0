"""Who calls is read once, and again once anything about it has moved, whoever moved it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
import sqlalchemy as sa
from sqlmodel import col, update

from console.bearers import bearer_principal
from console.database import Database
from console.errors import NotSignedInError
from console.models import UnexplainedRow
from console.security import session_principal
from console.services import Services
from console.sign_in.admission import start_session
from console.sign_in.providers import dev_issuer
from sso import sessions
from sso.claims import IdTokenClaims
from sso.models import Identity, Person, PersonState, Profile
from sso.principal import Principal
from tests.console.begun import TESTS
from tests.console.conftest import START, TokenFor
from tests.patience import PATIENCE

pytestmark = pytest.mark.slow

Ask = Callable[[], Awaitable[Principal]]


@pytest.fixture
async def elsewhere(services: Services) -> AsyncIterator[Database]:
    """The same database as another process has it open: its commits are no commits of ours."""
    opened = Database(services.settings.main_url)
    await services.feed.start()
    assert await services.feed.catch_up()
    yield opened
    await services.feed.stop()
    await opened.close()


@pytest.fixture
def by_token(services: Services, token_for: TokenFor, elsewhere: Database) -> Ask:
    header = f"Bearer {token_for('member')}"
    return lambda: bearer_principal(services, header)


@pytest.fixture
async def by_session(services: Services, people: dict[str, Principal], elsewhere: Database) -> Ask:
    now = START // 1_000_000
    claims = IdTokenClaims(
        dev_issuer(services.settings), people["member"].authentication.subject, now + 300, now
    )
    cookie = (await start_session(services, claims, None, TESTS)).session.cookie_value
    return lambda: session_principal(services, cookie)


@pytest.fixture(params=["by_token", "by_session"])
def ask(request: pytest.FixtureRequest, by_token: Ask, by_session: Ask) -> Ask:
    return by_token if request.param == "by_token" else by_session


async def settle(services: Services, ask: Ask) -> Principal:
    """Ask until the answer is remembered: the first use of a session is written down."""
    await ask()
    return await ask()


async def refused(ask: Ask) -> str:
    """Return why the same credential is refused; the soak of revocations measures the five seconds."""
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                await ask()
            except NotSignedInError as error:
                return error.reasons[0] if error.reasons else ""
            await asyncio.sleep(0.02)


async def test_a_known_caller_costs_the_database_nothing(services: Services, ask: Ask) -> None:
    await settle(services, ask)
    statements: list[str] = []
    engine = services.database.engine.sync_engine

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        statements.append(statement)

    sa.event.listen(engine, "before_cursor_execute", note)
    found = [await ask() for _ in range(20)]
    assert (statements, len({one.id for one in found})) == ([], 1)


async def test_a_disabled_person_is_refused(services: Services, ask: Ask, elsewhere: Database) -> None:
    person = await settle(services, ask)
    async with elsewhere.write() as session:
        disabled = update(Person).where(col(Person.id) == person.id).values(state=PersonState.DISABLED)
        await session.exec(disabled)
    await refused(ask)


async def test_a_lost_identity_is_refused(services: Services, ask: Ask, elsewhere: Database) -> None:
    person = await settle(services, ask)
    async with elsewhere.write() as session:
        await session.exec(sa.delete(Identity).where(col(Identity.person_id) == person.id))
    await refused(ask)


async def test_a_person_whom_no_act_explains_is_refused(
    services: Services, ask: Ask, elsewhere: Database
) -> None:
    person = await settle(services, ask)
    async with elsewhere.write() as session:
        session.add(UnexplainedRow(kind="person", row_id=person.id, why="row_without_event", found=0))
    await refused(ask)


async def test_signing_out_everywhere_refuses_both(services: Services, ask: Ask, elsewhere: Database) -> None:
    person = await settle(services, ask)
    services.clock.forward(1)  # type: ignore[attr-defined]
    async with elsewhere.write() as session:
        await sessions.revoke_all_of(session, person.id, services.clock(), "signed_out")
    assert await refused(ask) in {"signed_out", ""}


async def test_a_revoked_session_is_refused_at_once_where_it_was_revoked(
    services: Services, by_session: Ask
) -> None:
    id_hash = (await settle(services, by_session)).authentication.session_id_hash
    async with services.database.write() as session:
        await sessions.revoke(session, id_hash or "", services.clock(), "signed_out")
    with pytest.raises(NotSignedInError):
        await by_session()


async def test_a_new_name_is_seen(services: Services, ask: Ask, elsewhere: Database) -> None:
    person = await settle(services, ask)
    async with elsewhere.write() as session:
        await session.exec(update(Profile).where(col(Profile.person_id) == person.id).values(name="Renamed"))
    async with asyncio.timeout(PATIENCE):
        while (await ask()).name != "Renamed":  # noqa: ASYNC110 - another connection tells nobody
            await asyncio.sleep(0.02)


async def test_a_session_ends_when_nobody_used_it(services: Services, by_session: Ask) -> None:
    await settle(services, by_session)
    services.clock.forward(30 * 60)  # type: ignore[attr-defined]
    with pytest.raises(NotSignedInError):
        await by_session()
