from uuid import UUID

from uuid_utils.compat import uuid7

from audit.following.differences import RowChange, content, latest_states
from audit.history import append_row
from tests.audit.log_store import Store

ROW, OTHER = UUID(int=1), UUID(int=2)


def test_only_the_fields_that_differ_are_kept() -> None:
    change = RowChange("route", ROW, {"name": "a", "state": "active"}, {"name": "a", "state": "stopped"})
    assert content([change]) == {
        "rows": [
            {
                "kind": "route",
                "id": str(ROW),
                "before": {"state": "active"},
                "after": {"state": "stopped"},
            }
        ]
    }


def test_a_field_that_came_or_went_differs() -> None:
    told = RowChange("route", ROW, {"name": "a", "old": 1}, {"name": "a", "new": None, "more": 2}).differing()
    assert (told["before"], told["after"]) == ({"old": 1}, {"more": 2})


def test_new_and_gone_rows_are_told_whole() -> None:
    new, gone = RowChange("grant", ROW, None, {"ends": 5}), RowChange("grant", ROW, {"ends": 5}, None)
    assert (new.differing()["before"], new.differing()["after"]) == (None, {"ends": 5})
    assert (gone.differing()["before"], gone.differing()["after"]) == ({"ends": 5}, None)


def test_what_says_nothing_new_is_no_change() -> None:
    same = RowChange("route", ROW, {"name": "a"}, {"name": "a"})
    assert content([same]) is None
    assert content([]) is None


async def test_the_state_last_recorded_counts_also_when_it_began_earlier(store: Store) -> None:
    async with store.main.write() as session:
        for kind, row, state, since in (
            ("route", ROW, {"name": "a"}, 100),
            ("route", ROW, {"name": "b"}, 90),
            ("grant", ROW, {"ends": 5}, 100),
            ("route", OTHER, {"name": "c"}, 100),
            ("route", OTHER, None, 100),
        ):
            await append_row(
                session,
                kind=kind,
                row_id=row,
                row=state,
                valid_from=since,
                valid_to=None,
                recorded_at=since,
                event_id=uuid7(),
            )
        found = await latest_states(session, [ROW, OTHER, UUID(int=3)])
        assert found == {("route", ROW): {"name": "b"}, ("grant", ROW): {"ends": 5}, ("route", OTHER): None}
        assert await latest_states(session, []) == {}
