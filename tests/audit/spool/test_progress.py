"""The progress of passes that are stored together is what each of them after the other would have left."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from audit.spool.progress import CallKey, Cursor, OpenCall, Progress
from audit.spool.reader import Position

Pass = tuple[int, int, int]
"""How many calls it opens, which of those open before it announces, and which it closes (as bits)."""

passes = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 255), st.integers(0, 255)), max_size=6)


def key(number: int) -> CallKey:
    """Return the place of a call."""
    return CallKey("gateway", number)


def progresses(given: Sequence[Pass]) -> list[Progress]:
    """Return what passes over one spool leave: only a call that is open is announced or closed."""
    found, opened, number = list[Progress](), dict[CallKey, OpenCall](), 0
    for count, announces, closes in given:
        here = list(opened)
        progress = Progress(
            {"gateway": Cursor(Position(0, number, number))},
            {key(number + at): OpenCall(at, b"call", number) for at in range(count)},
            {one for at, one in enumerate(here) if announces >> at & 1 and not closes >> at & 1},
            {one for at, one in enumerate(here) if closes >> at & 1},
        )
        opened = {one: call for one, call in opened.items() if one not in progress.closed} | progress.opened
        number += count + 1
        found.append(progress)
    return found


def stored(several: Sequence[Progress]) -> tuple[dict[str, Cursor], dict[CallKey, bool]]:
    """Return the cursors, and the open calls with whether they are announced, as the database has them."""
    cursors, opened = dict[str, Cursor](), dict[CallKey, bool]()
    for one in several:
        cursors |= one.cursors
        opened |= dict.fromkeys(one.opened, False)
        assert opened.keys() >= one.announced
        opened |= dict.fromkeys(one.announced, True)
        assert opened.keys() >= one.closed
        opened = {place: announced for place, announced in opened.items() if place not in one.closed}
    return cursors, opened


@given(before=passes, later=passes)
def test_together_they_leave_what_each_after_the_other_leaves(before: list[Pass], later: list[Pass]) -> None:
    each = progresses([*before, (0, 0, 0), *later])
    kept, together = progresses([*before, (0, 0, 0), *later]), Progress()
    for one in kept[len(before) :]:
        together.add(one)
    assert stored([*each[: len(before)], together]) == stored(each)
