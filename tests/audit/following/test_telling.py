"""A follower that may have details has them, forgets them with their person, and is compared whole."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from audit.models import body
from audit.sinks.elasticsearch import open_elasticsearch
from audit.sinks.port import Selection, SinkError
from tests.audit.following.telling import ADDRESSES, AGENTS, YURI, ZELDA, Told, open_told
from tests.audit.log_store import ORIGIN, Store
from tests.audit.sinks import fake_elasticsearch as server
from tests.audit.sinks.fake_elasticsearch import FakeElasticsearch


@pytest.fixture
async def fake() -> AsyncIterator[FakeElasticsearch]:
    made = FakeElasticsearch()
    runner = await server.start(made)
    yield made
    await runner.cleanup()


@pytest.fixture
async def told(store: Store, fake: FakeElasticsearch) -> AsyncIterator[Told]:
    sink = open_elasticsearch(fake.url, origin=ORIGIN)
    yield await open_told(store, sink)
    await sink.close()


def of(fake: FakeElasticsearch, index: int) -> dict[str, Any]:
    (found,) = [one for one in fake.documents.values() if one["event"]["sequence"] == index]
    return found


async def test_details_stand_where_their_acts_declare_them(told: Told, fake: FakeElasticsearch) -> None:
    document = of(fake, 1)
    assert document["source"] == {"ip": ADDRESSES[ZELDA]}
    assert document["user_agent"] == {"original": AGENTS[ZELDA]}
    assert document["gen_ai"] == {"request": {"model": "risk.echo"}}
    assert document["user"] == {"id": str(ZELDA)}
    assert document["guildhall"]["disclosed"] == [str(ZELDA), "nobody"]
    assert (await told.look()).exact


async def test_indices_from_before_are_searched_by_details_too(told: Told, fake: FakeElasticsearch) -> None:
    (widened,) = fake.widened
    assert widened["properties"]["guildhall"] == {
        "properties": {"disclosed": {"type": "keyword", "ignore_above": 1024}}
    }


async def test_without_leave_nothing_is_told(store: Store, fake: FakeElasticsearch) -> None:
    sink = open_elasticsearch(fake.url, origin=ORIGIN)
    bare = Told(store, await store.begin(), sink)
    await bare.call(ZELDA)
    await bare.ship(details=False)
    assert "source" not in of(fake, 1)
    assert fake.widened == []
    await sink.close()


async def test_an_erased_person_is_taken_out_and_the_others_stay(told: Told, fake: FakeElasticsearch) -> None:
    await told.erase(ZELDA)
    assert (await told.look()).changed.names == [1, 3]
    assert await told.forget(ZELDA) == 2
    assert await told.forget(ZELDA) == 0
    assert "source" not in of(fake, 1)
    assert of(fake, 1)["gen_ai"] == {"request": {"model": "risk.echo"}}
    assert of(fake, 2)["source"] == {"ip": ADDRESSES[YURI]}
    assert (await told.look()).exact


async def test_what_was_overwritten_is_merged_away(told: Told, fake: FakeElasticsearch) -> None:
    await told.erase(ZELDA)
    await told.forget(ZELDA)
    assert await told.sink.expunge() == 2
    assert fake.overwritten == []
    assert await told.sink.expunge() == 0


async def test_what_elasticsearch_merged_away_by_itself_is_written_through_too(
    told: Told, fake: FakeElasticsearch
) -> None:
    await told.erase(ZELDA)
    await told.forget(ZELDA)
    fake.overwritten.clear()
    flushed = fake.flushed
    assert await told.sink.expunge() == 0
    assert fake.flushed == flushed + 1
    assert await told.sink.expunge() == 0
    assert fake.flushed == flushed + 1, "nothing was written anew since"


async def test_what_is_shipped_after_an_erasure_tells_nothing_of_them(
    told: Told, fake: FakeElasticsearch
) -> None:
    await told.call(ZELDA)
    await told.erase(ZELDA)
    await told.ship()
    assert of(fake, 4)["guildhall"]["disclosed"] == ["nobody"]
    assert await told.forget(ZELDA) == 2


async def test_a_leave_taken_back_takes_everything_back(told: Told, fake: FakeElasticsearch) -> None:
    assert await told.sink.rewrite(Selection(), told.remake_bare) == 3
    assert [one for one in fake.documents.values() if "disclosed" in one["guildhall"]] == []
    assert (await told.look()).exact


async def test_what_was_removed_from_the_log_is_taken_out_too(told: Told, fake: FakeElasticsearch) -> None:
    async with told.store.engine.begin() as connection:
        await connection.execute(body.delete().where(body.c.index <= 2))
    assert await told.sink.rewrite(Selection(span=("invoke", 1, 2)), told.remake) == 2
    assert [index for index in (1, 2, 3) if "disclosed" in of(fake, index)["guildhall"]] == [3]
    assert (await told.look()).exact


@pytest.mark.parametrize("field", ["source", "user_agent", "gen_ai"])
async def test_a_detail_changed_in_a_copy_is_named(told: Told, fake: FakeElasticsearch, field: str) -> None:
    of(fake, 2)[field] = {"ip": "192.0.2.9"}
    assert (await told.look()).changed.names == [2]


async def test_a_copy_that_changed_meanwhile_is_not_overwritten(told: Told, fake: FakeElasticsearch) -> None:
    (key,) = [key for key, one in fake.documents.items() if one["event"]["sequence"] == 1]

    async def remake(indexes: Any) -> Any:
        fake.versions[key] += 1
        return await told.remake(indexes)

    await told.erase(ZELDA)
    with pytest.raises(SinkError, match="asked again"):
        await told.sink.rewrite(Selection(subjects=(str(ZELDA),)), remake)
    assert of(fake, 1)["source"] == {"ip": ADDRESSES[ZELDA]}
