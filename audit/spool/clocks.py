"""Whether a producer's clock can be believed: the log's order does not need it, but people read it."""

from collections.abc import Sequence
from typing import Final

from audit.errors import HeadError
from audit.event import Event, Outcome
from audit.events import Action
from audit.head import parse_time
from audit.record import Record, seal
from audit.spool.frame import Frame, FrameKind
from audit.subjects.keyring import MemoryKeyRing

SECOND: Final = 1_000_000
OFF_BY: Final = 30 * SECOND
BACK_BY: Final = SECOND
TOLD_EVERY: Final = 3_600 * SECOND
_FIELD: Final = b'"time":"'
_LENGTH: Final = 27


class Clocks:
    """Compares what producers say with the worker's own clock; tells of each at most once an hour.

    Only the last record of a chunk is looked at: a clock that is off stays off for more than a moment.
    """

    def __init__(self) -> None:
        self._last: dict[str, int] = {}
        self._read_to_end: dict[str, int] = {}
        self._told: dict[str, int] = {}

    def check(self, producer: str, said: int | None, now: int, *, is_end: bool) -> Record | None:
        """Take what ``last_time`` said of a chunk read at ``now``; return the entry to write when it is off.

        ``is_end``: nothing was there to read.
        """
        if is_end:
            self._read_to_end[producer] = now
        if said is None:
            return None
        why = self._judge(producer, said, now)
        self._last[producer] = said
        return self._tell(producer, why, now) if why else None

    def forget(self, producer: str) -> None:
        """Forget a producer that has ended."""
        for kept in (self._last, self._read_to_end, self._told):
            kept.pop(producer, None)

    def _judge(self, producer: str, said: int, now: int) -> str | None:
        if said - now > OFF_BY:
            return f"ahead:{(said - now) // SECOND}"
        # Records may wait while no worker runs; only what came after a read that found nothing is new.
        since = self._read_to_end.get(producer)
        if since is not None and since - said > OFF_BY:
            return f"behind:{(since - said) // SECOND}"
        before = self._last.get(producer, said)
        return f"backwards:{(before - said) // SECOND}" if before - said > BACK_BY else None

    def _tell(self, producer: str, why: str, now: int) -> Record | None:
        told = self._told.get(producer)
        if told is not None and 0 <= now - told < TOLD_EVERY:
            return None
        self._told[producer] = now
        skew = Event(
            action=Action.CLOCK_SKEW,
            actor=None,
            outcome=Outcome.FAILURE,
            reasons=(why,),
            flags=(f"producer:{producer}",),
        )
        return seal(skew, time=now, keys=MemoryKeyRing())


def last_time(frames: Sequence[Frame]) -> int | None:
    """Return the time of the last record of a chunk that begins an entry; None when none does."""
    return next((time for frame in reversed(frames) if (time := _time_of(frame)) is not None), None)


def _time_of(frame: Frame) -> int | None:
    if frame.kind is FrameKind.OUTCOME:
        return None
    at = frame.record.find(_FIELD) + len(_FIELD)
    try:
        return parse_time(frame.record[at : at + _LENGTH].decode("ascii"))
    except (HeadError, UnicodeDecodeError):
        return None
