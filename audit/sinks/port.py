"""What a sink is: a follower that is handed entries in order and says which of them it keeps.

A sink is handed the same entry again after every doubt, so it must be idempotent per index. It never raises
for what the outside does to it: the delivery says how far it came and, in one sentence, what stopped it.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from audit.errors import AuditError
from audit.sinks.told import Told


@dataclass(frozen=True, slots=True)
class Shipment:
    """One entry on its way: its index, the canonical bytes of its head, its leaf hash.

    ``told`` are details in clear, for a follower that may have them.
    """

    index: int
    head: bytes
    leaf: bytes
    told: Told | None = None


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of a batch.

    Attributes:
        acknowledged: how many entries, from the first one on without a gap, the sink keeps durably.
        quarantined: indexes among them kept apart, with the original only, because their fields were refused.
        tampered: indexes under which it already held something else than the log says. An alarm, not a delay.
        blocked: why the rest was not taken, in one sentence for the operator; None when all was.
    """

    acknowledged: int
    quarantined: tuple[int, ...] = ()
    tampered: tuple[int, ...] = ()
    blocked: str | None = None


@dataclass(frozen=True, slots=True)
class Health:
    """The answer to a ping.

    Attributes:
        ok: whether a delivery has a chance now.
        sentence: what was found, for the operator.
        next_index: one more than the highest index the sink holds of this log, 0 when it holds none, None
            when it could not be asked.
        again: how many entries before the cursor have to be handed over again, because nobody can say
            whether they arrived; of a sink whose protocol has no answers.
    """

    ok: bool
    sentence: str
    next_index: int | None = None
    again: int = 0


class Sink(Protocol):
    """A follower of the log."""

    @property
    def name(self) -> str:
        """The key of its cursor, stable for ever."""

    async def deliver(self, entries: Sequence[Shipment]) -> Delivery:
        """Take a batch of consecutive entries."""

    async def ping(self) -> Health:
        """Say whether it can be reached, and how far it holds the log."""

    async def close(self) -> None:
        """Let go of connections and files."""


@runtime_checkable
class Bulky(Protocol):
    """A sink that does best with batches of a size of its own."""

    @property
    def batch(self) -> int:
        """Entries to be handed over at once."""


@dataclass(frozen=True, slots=True)
class Census:
    """How many documents a sink holds of a log.

    Attributes:
        buckets: documents per bucket, by its first index; buckets without documents may be absent.
        beyond: documents with an index the log has not reached.
    """

    buckets: Mapping[int, int]
    beyond: int


class SinkError(AuditError):
    """A sink could not be counted; carries one sentence for the operator."""


@runtime_checkable
class Countable(Protocol):
    """A sink whose documents can be counted, for reconciliation."""

    @property
    def name(self) -> str:
        """The key of its cursor."""

    async def count(self, size: int, step: int) -> Census:
        """Count the documents of entries below ``size``, in buckets of ``step`` indexes, and those beyond.

        Raises:
            SinkError: the sink cannot be counted now.
        """

    async def indexes(self, first: int, last: int) -> Sequence[int]:
        """Return the indexes held from ``first`` up to but not including ``last``, with repetitions.

        Raises:
            SinkError: the sink cannot be asked now.
        """


@dataclass(frozen=True, slots=True)
class Selection:
    """Which copies are to be written anew: those that hold details, and fulfil every condition given.

    Attributes:
        subjects: whose details; None is anybody's.
        span: retention class, first index and last, both included.
    """

    subjects: tuple[str, ...] | None = None
    span: tuple[str, int, int] | None = None


Remake = Callable[[Sequence[int]], Awaitable[Sequence[Shipment]]]
"""Returns the entries at these indexes, with what may be told of them now."""


@runtime_checkable
class Forgetful(Protocol):
    """A follower whose copies can be written anew, so that it forgets details it was told."""

    @property
    def name(self) -> str:
        """The key of its cursor."""

    async def rewrite(self, which: Selection, remake: Remake) -> int:
        """Write the selected copies anew, and return how many there were.

        Raises:
            SinkError: the follower cannot be asked now.
        """

    async def expunge(self) -> int:
        """Remove the bytes of what was overwritten; return how many overwritten copies were still kept.

        Raises:
            SinkError: the follower cannot be asked now.
        """
