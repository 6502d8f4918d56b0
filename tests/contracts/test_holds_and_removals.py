"""A hold and a removal at the same moment: whoever came first is whole, on every database."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

import pytest
import sqlalchemy as sa
from uuid_utils.compat import uuid7

from audit.columns import Columns
from audit.custody.prune import Pruner
from audit.entry_rows import Pending
from audit.log import NOTHING_FOLDED, Log, More, Stored, nothing_more
from audit.placed import Placed
from console.database import Database
from tests.audit.custody.kept import Kept
from tests.audit.log_store import Store

pytestmark = pytest.mark.slow
BLOCKED = sa.text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.real)])
async def kept(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Kept]:
    url = keys_url = None
    if request.param == "postgresql":
        create: Callable[[], str] = request.getfixturevalue("postgres_database")
        url, keys_url = create(), create()
    store = await Store.open(tmp_path, url, url, keys_url)
    main = Database(url or f"sqlite+aiosqlite:///{tmp_path}/guildhall.db")
    await store.main.engine.dispose()
    store.main = main  # type: ignore[assignment]  # as the product opens it: a write takes its place at once
    opened = await Kept.begin(store)
    await opened.grow(10)
    opened.pass_days(400)
    await opened.keep("invoke", 200)
    yield opened
    await store.close()


async def test_a_hold_made_while_a_removal_runs_waits_and_comes_after_it(kept: Kept) -> None:
    ((permit,), _) = await kept.pruner().permits()
    inside, go_on = asyncio.Event(), asyncio.Event()

    class Pausing(Log):
        """Waits at the moment between the holds' lock and the removal."""

        async def append(
            self,
            waiting: Sequence[Pending | Placed],
            progress: Stored | None = None,
            folded: Columns = NOTHING_FOLDED,
            more: More = nothing_more,
        ) -> range:
            inside.set()
            await go_on.wait()
            return await kept.log.append(waiting, progress, folded, more)

    pruner = Pruner(kept.store.main, Pausing(kept.store.engine), kept.reader, kept.store.clock)
    removing = asyncio.create_task(pruner.step(permit))
    await inside.wait()
    holding = asyncio.create_task(kept.insert_hold(first_index=1, last_index=5))
    await _blocked(kept, holding)
    assert not holding.done()
    go_on.set()
    assert (await removing).removed == 10
    await holding
    await kept.sequencer.run_once()
    heads = [(one["action"], one["time"]) for one in await kept.heads()]
    actions = [action for action, _ in heads]
    assert actions.index("log.prune") < actions.index("hold.create")


async def test_a_removal_waits_for_a_hold_that_is_being_made_and_spares_what_it_covers(kept: Kept) -> None:
    pruner = kept.pruner()
    ((permit,), _) = await pruner.permits()
    async with kept.store.main.write() as session:
        await kept.add_hold(session, first_index=1, last_index=5)
        removing = asyncio.create_task(pruner.step(permit))
        await _blocked(kept, removing)
        assert not removing.done()
    step = await removing
    assert (step.removed, step.held) == (5, 5)
    assert [at for at in await kept.bodies() if 0 < at < 11] == [1, 2, 3, 4, 5]


async def test_a_hold_taken_out_with_its_end_made_up_goes_on_holding(kept: Kept) -> None:
    hold = await kept.hold(first_index=1, last_index=5)
    logged = [one.id for one in await kept.reader.entries(range(await kept.reader.size()))]
    await kept.do("DELETE FROM legal_hold")
    for event_id in (uuid7(), logged[-1]):  # an act that never was, and one that wrote something else
        await kept.make_up_the_end(hold, event_id)
        assert (await kept.pruner().permits())[1] == 0
    assert [(step.removed, step.held) for step in await kept.prune_all()] == [(5, 5)]
    assert [at for at in await kept.bodies() if 0 < at < 11] == [1, 2, 3, 4, 5]


async def test_a_hold_whose_history_is_narrowed_in_sql_covers_what_it_covered(kept: Kept) -> None:
    hold = await kept.hold(first_index=1, last_index=5)
    await kept.do("DELETE FROM legal_hold")
    await kept.make_up_the_end(hold, uuid7(), row='{"first_index":9000}')
    assert [(step.removed, step.held) for step in await kept.prune_all()] == [(5, 5)]
    await kept.make_up_the_end(hold, uuid7(), row="nonsense")
    await kept.prune_all()
    assert [at for at in await kept.bodies() if 0 < at < 11] == [1, 2, 3, 4, 5]


async def test_a_release_lets_go_once_its_act_is_in_the_log(kept: Kept) -> None:
    hold = await kept.hold(first_index=1, last_index=5)
    await kept.insert_release(hold)
    assert [(step.removed, step.held) for step in await kept.prune_all()] == [(5, 5)]
    await kept.sequencer.run_once()
    assert [(step.removed, step.held) for step in await kept.prune_all()] == [(5, 0)]


async def _blocked(kept: Kept, task: asyncio.Task[object]) -> None:
    """Return once the task waits for the other transaction's lock, or is done against expectation."""
    if kept.store.engine.dialect.name == "sqlite":
        return  # its one writer's place is taken already; who waits for it shows nowhere
    async with kept.store.engine.connect() as connection:
        while not task.done():
            if await connection.scalar(BLOCKED):
                return
            await connection.rollback()
