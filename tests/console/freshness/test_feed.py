"""A feed says when it can be relied on; own commits are read before anybody is believed again."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlalchemy.exc import OperationalError
from uuid_utils.compat import uuid7

from console.freshness import feed as feed_module
from console.freshness.feed import Feed
from console.freshness.moves import EVERYTHING, Moves
from console.services import Services
from sso.models import Team
from tests.patience import PATIENCE


@pytest.fixture
async def feed(services: Services) -> AsyncIterator[Feed]:
    await services.feed.start()
    assert await services.feed.catch_up()
    yield services.feed
    await services.feed.stop()


async def add_team(services: Services) -> Team:
    team = Team(name=uuid7().hex, created=0)
    async with services.database.write() as session:
        session.add(team)
    return team


async def test_it_is_not_relied_on_before_it_starts(services: Services) -> None:
    assert (services.feed.reliable, await services.feed.catch_up()) == (False, False)


async def test_what_this_process_commits_is_read_before_anybody_relies_on_it(
    services: Services, feed: Feed
) -> None:
    told: list[Moves] = []
    feed.subscribe(told.append)
    team = await add_team(services)
    assert not feed.reliable
    assert await feed.catch_up()
    assert {move.key for moves in told for move in moves.told} == {team.id.hex, "*"}


async def test_nobody_relies_on_a_database_that_does_not_answer(
    services: Services, feed: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(self: Feed) -> Moves:
        raise OperationalError("", None, OSError())

    monkeypatch.setattr(Feed, "_read_moves", fail)
    await add_team(services)
    assert not await feed.catch_up()


async def test_five_seconds_without_a_reading_empty_everything(
    feed: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    emptied = asyncio.Event()
    feed.subscribe(lambda moves: emptied.set() if moves is EVERYTHING else None)
    monkeypatch.setattr(Feed, "_read_moves", _never)
    monkeypatch.setattr(feed_module, "EVERY_SECONDS", 0.01)
    monkeypatch.setattr(feed_module, "BLIND_SECONDS", 0.05)
    await asyncio.wait_for(emptied.wait(), PATIENCE)
    assert (feed.blind, feed.reliable) == (True, False)


async def _never(self: Feed) -> Moves:
    await asyncio.Event().wait()
    return EVERYTHING
