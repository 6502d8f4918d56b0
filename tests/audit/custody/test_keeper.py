"""The worker's loop: at once when something is approved, once a day otherwise, and never the worker's end."""

import asyncio

import pytest
import sqlalchemy as sa

from audit.custody.keeper import RETENTION, RecordsKeeper
from audit.heads.state import read_states, write_state
from audit.log import StaleEpochError
from audit.models import entry
from tests.audit.custody.kept import Kept
from tests.audit.log_store import Store


@pytest.fixture
async def kept(store: Store) -> Kept:
    opened = await Kept.begin(store)
    await opened.grow(5)
    opened.pass_days(400)
    return opened


class OneRound(asyncio.Event):
    """Stops whoever asks for the second time."""

    def is_set(self) -> bool:
        asked = super().is_set()
        self.set()
        return asked


def keeper(kept: Kept) -> RecordsKeeper:
    return RecordsKeeper(kept.pruner(), kept.store.engine, kept.store.clock, kept.sequencer.expect_growth)


async def test_it_removes_at_once_what_is_approved_and_then_once_a_day(kept: Kept) -> None:
    looks = keeper(kept)
    assert await looks.look() == 0
    await kept.keep("invoke", 399)
    assert await looks.look() == 5
    await kept.grow(2)
    kept.pass_days(399)
    assert await looks.look() == 0  # not older than that yet
    kept.pass_days(1)
    assert await looks.look() == 2
    assert await looks.look() == 0


async def test_a_job_is_done_once(kept: Kept) -> None:
    looks = keeper(kept)
    await kept.ask("invoke", kept.store.clock())
    assert await looks.look() == 5
    assert (await kept.pruner().permits())[0] == []


async def test_a_tombstone_is_signed_soon(kept: Kept) -> None:
    await kept.keep("invoke", 200)
    await keeper(kept).look()
    await kept.sequencer.run_once()
    signed = await kept.reader.latest_checkpoint()
    assert signed is not None
    assert signed.size == await kept.reader.size()


async def test_an_altered_head_stops_the_removal_and_not_the_worker(kept: Kept) -> None:
    await kept.keep("invoke", 200)
    looks = keeper(kept)
    async with kept.store.engine.begin() as connection:
        for trigger in ("entry_refuse_update", "entry_refuse_delete"):
            await connection.execute(sa.text(f"DROP TRIGGER IF EXISTS {trigger}"))
        await connection.execute(entry.update().where(entry.c.index == 3).values(head=b"{}"))
    await looks.run(OneRound())
    assert looks.trouble == "Details past their retention are not removed: HeadError."
    (told,) = await read_states(kept.store.engine)
    assert (told.kind, told.trouble) == ("retention", looks.trouble)
    assert await kept.bodies() == list(range(await kept.reader.size()))


async def test_a_trouble_that_is_over_is_taken_back(kept: Kept) -> None:
    await write_state(kept.store.engine, RETENTION, RETENTION, 1, trouble="What a former worker said.")
    await keeper(kept).run(OneRound())
    assert [state.trouble for state in await read_states(kept.store.engine)] == [None]


async def test_a_worker_that_was_overtaken_ends(kept: Kept) -> None:
    await kept.keep("invoke", 200)
    await kept.store.log().take_epoch()
    with pytest.raises(StaleEpochError):
        await keeper(kept).run(asyncio.Event())
