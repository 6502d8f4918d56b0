"""Entries as columns are the same entries: none changes, none is lost; their order may be asked for."""

from audit import models
from audit.columns import Columns, join
from audit.placed import ENTRY_COLUMNS
from tests.audit.log_store import Store, pending
from tests.bench.many_heads import START, placed


def test_columns_turn_back_into_the_entries_they_were_made_of() -> None:
    made = list(placed(0, 5))
    columns = Columns.of(made)
    assert (columns.size, list(columns.entries())) == (5, made)
    assert list(columns.leaves) == [one.leaf for one in made]
    assert (Columns.of([]).size, list(Columns.of([]).entries())) == (0, [])


def test_the_values_of_a_table_stand_in_the_order_of_its_columns() -> None:
    (one,) = placed(3, 4)
    columns = Columns.of([one])
    (row,) = zip(*columns.entry_values(7), strict=True)
    assert row == (7, *one.columns)
    assert len(row) == len(ENTRY_COLUMNS)
    assert list(zip(*columns.body_values(7), strict=True)) == [(7, one.retention, one.body)]


def test_they_are_ordered_by_time_and_those_of_one_time_stay_in_their_order() -> None:
    first, second, third = placed(0, 3)
    same = third._replace(columns=(third.columns[0], START, *third.columns[2:]))
    assert list(Columns.of([second, first, same]).by_time().entries()) == [first, same, second]


def test_several_are_joined_one_behind_the_other() -> None:
    made = list(placed(0, 6))
    assert list(join([Columns.of(made[:2]), Columns(), Columns.of(made[2:])]).entries()) == made
    assert join([]).size == 0


async def test_what_is_folded_is_merged_with_what_waits_by_time(store: Store) -> None:
    log = await store.begin()
    early, late = placed(0, 2)
    late = late._replace(columns=(late.columns[0], START + 10**12, *late.columns[2:]))
    assert await log.append(pending(1), None, Columns.of([late, early])) == range(1, 4)
    async with store.engine.connect() as connection:
        times = [row.time for row in await connection.execute(models.entry.select().order_by("index"))]
    assert times[1:] == sorted(times[1:])


async def test_what_is_folded_and_known_already_is_logged_once(store: Store) -> None:
    log = await store.begin()
    made = list(placed(0, 3))
    assert await log.append([], None, Columns.of(made[:2])) == range(1, 3)
    assert await log.append([], None, Columns.of(made)) == range(3, 4)
