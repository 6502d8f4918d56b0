"""A chunk of a spool becomes entries by its bytes alone: no memory, no database, so any process can do it.

What the bytes do not tell is left in ``rest``, in order: calls that stay open here, outcomes of calls that
were open before, censuses, and what is not in the common form. The worker takes these one by one.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from audit.checks.census import is_census
from audit.columns import Columns
from audit.placed import Placed, place_call, place_entry
from audit.spool.clocks import last_time
from audit.spool.frame import Frame, FrameKind
from audit.spool.reader import CHUNK_BYTES, Position, read_frames


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

FoldChunk = Callable[[Path, str, Position, int], Folded]


def fold_chunk(directory: Path, producer: str, at: Position, size: int = CHUNK_BYTES) -> Folded:
    """Read one chunk of ``size`` bytes behind ``at`` and fold the calls of ``producer`` that are whole in it.

    Raises:
        SpoolCorruptError: a frame in the middle is damaged, or a number is missing.
    """
    frames, at = read_frames(directory, producer, at, size)
    placed, rest = _fold(producer, frames)
    return Folded(at, Columns.of(placed).by_time(), rest, len(frames), last_time(frames))


def _fold(producer: str, frames: Sequence[Frame]) -> tuple[list[Placed], list[Frame]]:
    calls: dict[int, Frame] = {}
    placed, rest = list[Placed](), list[Frame]()
    for frame in frames:
        if frame.kind is _INTENT:
            calls[frame.number] = frame
            continue
        began = calls.pop(frame.ordinal, None) if frame.kind is _OUTCOME else None
        whole = _place(producer, frame, began)
        if whole is not None:
            placed.append(whole)
        else:
            rest += [frame] if began is None else [began, frame]
    return placed, [*rest, *calls.values()]


def _place(producer: str, frame: Frame, began: Frame | None) -> Placed | None:
    if began is not None:
        return place_call(began.record, frame.record, producer, began.ordinal)
    if frame.kind is _ENTRY and not is_census(frame.record):
        return place_entry(frame.record, producer, frame.ordinal)
    return None
