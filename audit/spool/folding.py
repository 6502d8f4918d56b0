"""A chunk of a spool becomes entries by its bytes alone: no memory, no database, so any process can do it.

What the bytes do not tell is left in ``rest``, in order: calls that stay open here, outcomes of calls that
were open before, censuses, and what is not in the common form. The worker takes these one by one.
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Final, NamedTuple

from audit.checks.census import is_census
from audit.columns import Columns, join
from audit.placed import Placed, place_entry
from audit.spool.alike import Shapes
from audit.spool.clocks import last_time
from audit.spool.frame import Frame, FrameKind
from audit.spool.reader import CHUNK_BYTES, Position, read_frames
from audit.together import Calls


class Folded(NamedTuple):
    """What one chunk became.

    Attributes:
        at: the position behind it.
        placed: its entries, in the order of their times.
        frames: how many there were.
        said: the time of its last record that has one, microseconds UTC.
    """

    at: Position
    placed: Columns
    rest: list[Frame]
    frames: int
    said: int | None


# A member of an enum costs as much to look up as all else that is done with a frame's kind.
_INTENT, _OUTCOME, _ENTRY = FrameKind.INTENT, FrameKind.OUTCOME, FrameKind.ENTRY

_SHAPES: Final = Shapes()

FoldChunk = Callable[[Path, str, Position, int], Folded]


def fold_chunk(directory: Path, producer: str, at: Position, size: int = CHUNK_BYTES) -> Folded:
    """Read one chunk of ``size`` bytes behind ``at`` and fold the calls of ``producer`` that are whole in it.

    Raises:
        SpoolCorruptError: a frame in the middle is damaged, or a number is missing.
    """
    frames, at = read_frames(directory, producer, at, size)
    placed, rest = _fold(producer, frames)
    return Folded(at, placed, rest, len(frames), last_time(frames))


def _fold(producer: str, frames: Sequence[Frame]) -> tuple[Columns, list[Frame]]:
    begun: dict[int, Frame] = {}
    whole: dict[int, Frame] = {}
    entries, rest = dict[int, Placed](), dict[int, list[Frame]]()
    for place, frame in enumerate(frames):
        kind, number, ordinal, _ = frame
        if kind is _INTENT:
            begun[number] = frame
        elif kind is _OUTCOME and (began := begun.pop(ordinal, None)) is not None:
            whole[place] = began
        elif (entry := _entry(producer, frame)) is not None:
            entries[place] = entry
        else:
            rest[place] = [frame]
    made = _SHAPES.place(_calls(frames, whole), producer)
    rest |= {place: [whole[place], frames[place]] for place in made.rest}
    left = chain.from_iterable(rest[place] for place in sorted(rest))
    return _in_order(made.together, made.alone | entries), [*left, *begun.values()]


def _calls(frames: Sequence[Frame], whole: Mapping[int, Frame]) -> Calls:
    return Calls(
        [began.record for began in whole.values()],
        [frames[place].record for place in whole],
        [began.ordinal for began in whole.values()],
        list(whole),
    )


def _entry(producer: str, frame: Frame) -> Placed | None:
    if frame.kind is _ENTRY and not is_census(frame.record):
        return place_entry(frame.record, producer, frame.ordinal)
    return None


def _in_order(together: Sequence[tuple[Columns, Sequence[int]]], alone: Mapping[int, Placed]) -> Columns:
    """Return all entries in the order of their times; those of one time in the order of their frames."""
    several = [*together, (Columns.of(alone.values()), list(alone))] if alone else together
    placed = join(columns for columns, _ in several)
    if len(several) > 1:
        places = list(chain.from_iterable(places for _, places in several))
        placed = placed.pick(sorted(range(placed.size), key=places.__getitem__))
    return placed.by_time()
