"""Calls that are alike are placed together; each that is like no other is placed alone.

What has been met is kept in memory: a process that has just begun learns it again from the first calls.
"""

from collections import defaultdict
from collections.abc import Sequence
from operator import not_
from typing import Final, NamedTuple

from audit.columns import Columns
from audit.placed import Placed, place_call
from audit.together import Calls, CallShape

WORTH_CALLS: Final = 3
"""So many calls of the same lengths are worth the look whether they are alike."""
_AT_ONCE: Final = 256
"""So many are looked at again and again while they are near; a whole chunk comes from memory each time."""
_SHAPES_OF_LENGTHS: Final = 4
_MOST_SHAPES: Final = 512


class Placing(NamedTuple):
    """What calls became, and where each of them stood.

    Attributes:
        together: entries as columns, each with the places of its calls.
        alone: the other entries, by place.
        rest: the places of those that are not in the common form.
    """

    together: list[tuple[Columns, Sequence[int]]]
    alone: dict[int, Placed]
    rest: list[int]


class Shapes:
    """The shapes that calls were found to have, by the lengths of intent and outcome."""

    def __init__(self) -> None:
        self._known: defaultdict[tuple[int, int], list[CallShape]] = defaultdict(list)
        self._count = 0

    def place(self, calls: Calls, producer: str) -> Placing:
        """Make entries of all calls that are in the common form."""
        made = Placing([], {}, [])
        for start in range(0, len(calls.numbers), _AT_ONCE):
            block = Calls._make(column[start : start + _AT_ONCE] for column in calls)
            for lengths, several in _by_lengths(block).items():
                left = self._together(lengths, several, producer, made) if _is_worth_it(several) else several
                _alone(left, producer, made)
        return made

    def _together(self, lengths: tuple[int, int], calls: Calls, producer: str, made: Placing) -> Calls:
        known = self._known[lengths]
        for shape in tuple(known):
            calls = _take(shape, calls, producer, made)
        while calls.numbers and len(known) < _SHAPES_OF_LENGTHS:
            fresh = _learn(calls, producer)
            if fresh is None:
                break
            self._keep(known, fresh)
            calls = _take(fresh, calls, producer, made)
        return calls

    def _keep(self, known: list[CallShape], shape: CallShape) -> None:
        if self._count == _MOST_SHAPES:  # what is still met is learned again
            self._known.clear()
            self._count = 0
        known.append(shape)
        self._count += 1


def _by_lengths(calls: Calls) -> dict[tuple[int, int], Calls]:
    found = defaultdict[tuple[int, int], list[int]](list)
    for at, lengths in enumerate(zip(map(len, calls.intents), map(len, calls.outcomes), strict=True)):
        found[lengths].append(at)
    if len(found) == 1:
        return dict.fromkeys(found, calls)
    return {lengths: calls.at(several) for lengths, several in found.items()}


def _is_worth_it(calls: Calls) -> bool:
    return len(calls.numbers) >= WORTH_CALLS


def _learn(calls: Calls, producer: str) -> CallShape | None:
    """Return the shape of the first call; None when it is not in the common form."""
    intent, outcome, number = calls.intents[0], calls.outcomes[0], calls.numbers[0]
    entry = place_call(intent, outcome, producer, number)
    return None if entry is None else CallShape(intent, outcome, entry)


def _take(shape: CallShape, calls: Calls, producer: str, made: Placing) -> Calls:
    """Place those of one shape, and return the others."""
    if not calls.numbers:
        return calls
    columns, taken = shape.place(calls, producer)
    if columns.size:
        made.together.append((columns, calls.only(taken).places))
    return calls.only(list(map(not_, taken)))


def _alone(calls: Calls, producer: str, made: Placing) -> None:
    for intent, outcome, number, place in zip(*calls, strict=True):
        entry = place_call(intent, outcome, producer, number)
        if entry is None:
            made.rest.append(place)
        else:
            made.alone[place] = entry
