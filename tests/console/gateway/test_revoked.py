"""An answer on its way is broken off soon after the end of its right, and the log says so.

That it is within five seconds the soak of revocations measures: a busy machine may not let the evaluator run.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import httpx2
import pytest
import sqlalchemy as sa
from sqlmodel import col, update

from console.database import Database
from console.freshness import standing
from console.freshness.moves import EVERYTHING
from console.models import Model, Route, RouteState, UnexplainedRow, Visibility
from policy.models import Grant
from sso.models import Person, PersonState
from sso.sessions import revoke_all_of
from tests.console.gateway.clusters import ScriptedCluster, dripping
from tests.console.gateway.conftest import CREDIT, INFER, Desk, eventually
from tests.patience import PATIENCE

pytestmark = pytest.mark.slow
Act = Callable[[Any, UUID, Desk], Awaitable[object]]


async def _disable(session: Any, person: UUID, _desk: Desk) -> None:
    await session.exec(update(Person).where(col(Person.id) == person).values(state=PersonState.DISABLED))


async def _revoke_grant(session: Any, person: UUID, desk: Desk) -> None:
    gone = update(Grant).where(col(Grant.principal_id) == person)
    await session.exec(gone.values(revoked_at=desk.services.clock()))


async def _stop_route(session: Any, _person: UUID, desk: Desk) -> None:
    route = update(Route).where(col(Route.id) == desk.catalog.credit.id)
    await session.exec(route.values(state=RouteState.STOPPED, stop_reason="unsafe"))


async def _sign_out_everywhere(session: Any, person: UUID, desk: Desk) -> None:
    desk.services.clock.forward(1)  # type: ignore[attr-defined]
    await revoke_all_of(session, person, desk.services.clock(), "signed_out")


async def _insert_unexplained(session: Any, person: UUID, _desk: Desk) -> None:
    session.add(UnexplainedRow(kind="person", row_id=person, why="row_without_event", found=0))


async def _sign_out_after_the_token(session: Any, person: UUID, desk: Desk) -> None:
    desk.services.clock.forward(7_200)  # type: ignore[attr-defined]
    await revoke_all_of(session, person, desk.services.clock(), "signed_out")


ENDINGS: dict[str, tuple[Act, str]] = {
    "person_disabled": (_disable, "unknown_subject"),
    "grant_revoked": (_revoke_grant, "no_grant"),
    "route_stopped": (_stop_route, "route_stopped"),
    "signed_out_everywhere": (_sign_out_everywhere, "signed_out"),
    "signed_out_after_the_token": (_sign_out_after_the_token, "signed_out"),
    "unexplained": (_insert_unexplained, "unknown_subject"),
}


@asynccontextmanager
async def open_answer(desk: Desk, cluster: ScriptedCluster) -> AsyncIterator[AsyncIterator[bytes]]:
    """The member's call, whose answer never ends by itself."""
    cluster.behave = dripping(b"x" * 64)
    call = desk.http.stream("POST", f"{CREDIT}/infer", content=INFER, headers=desk.headers("member"))
    async with call as response:
        assert response.status_code == 200
        pieces = response.aiter_raw()
        assert await anext(pieces)
        yield pieces


async def cut(pieces: AsyncIterator[bytes]) -> None:
    async with asyncio.timeout(PATIENCE):
        with pytest.raises(httpx2.HTTPError):
            async for _ in pieces:
                pass


async def ended(desk: Desk) -> tuple[str, tuple[str, ...]]:
    """How the one call that was made has ended."""
    await eventually(lambda: desk.kept()[0].outcome is not None)
    (call,) = desk.kept()
    return call.ended


@pytest.mark.parametrize("ending", ENDINGS)
async def test_case_38_an_open_answer_is_cut_when_its_right_ends(
    granted: Desk, people: dict[str, Any], cluster: ScriptedCluster, ending: str
) -> None:
    act, reason = ENDINGS[ending]
    elsewhere = Database(granted.services.settings.main_url)
    async with open_answer(granted, cluster) as pieces:
        async with elsewhere.write() as session:
            await act(session, people["member"].id, granted)
        await cut(pieces)
    await elsewhere.close()
    assert await ended(granted) == ("failure", ("revoked", reason))


async def test_an_answer_goes_on_when_what_moved_leaves_the_right_alone(
    granted: Desk, people: dict[str, Any], cluster: ScriptedCluster
) -> None:
    services = granted.services
    async with open_answer(granted, cluster) as pieces:
        mark = services.feed.mark
        async with services.database.write() as session:
            hidden = update(Model).where(col(Model.id) == granted.catalog.credit.model_id)
            await session.exec(hidden.values(visibility=Visibility.HIDDEN))
        await eventually(lambda: services.feed.mark > mark)
        async with asyncio.timeout(PATIENCE):
            for _ in range(100):
                assert await anext(pieces)


async def test_an_answer_ends_with_its_grant(
    granted: Desk, people: dict[str, Any], cluster: ScriptedCluster
) -> None:
    clock = granted.services.clock
    async with granted.services.database.write() as session:
        soon = update(Grant).where(col(Grant.principal_id) == people["member"].id)
        await session.exec(soon.values(ends=clock() + 1_500_000))
    async with open_answer(granted, cluster) as pieces:
        clock.forward(2)  # type: ignore[attr-defined]
        await cut(pieces)
    assert await ended(granted) == ("failure", ("revoked", "grant_expired"))


async def test_an_answer_ends_when_nobody_can_tell_what_moved(
    granted: Desk, cluster: ScriptedCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(standing, "UNDECIDED_SECONDS", 1.0)
    async with open_answer(granted, cluster) as pieces:
        async with granted.services.database.write() as session:
            await session.exec(sa.text("ALTER TABLE membership RENAME TO hidden_away"))  # type: ignore[call-overload]
        granted.services.feed._tell(EVERYTHING)
        await cut(pieces)
    assert await ended(granted) == ("failure", ("revoked", "facts_unavailable"))
