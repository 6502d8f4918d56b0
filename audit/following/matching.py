"""Goes over the copies of a log in order, and keeps what is wrong with them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Generic, TypeVar

import orjson

from audit.checkpoints.checkpoint import Checkpoint
from audit.errors import HeadError
from audit.sinks.copies import Copy
from audit.sinks.told import Told
from audit.tree.merkle import Frontier, leaf_hash

T = TypeVar("T")
GOOD: Final = 3
"""The rank of a copy that is the entry, lies in its place, and says what its original says."""


@dataclass(slots=True)
class Named(Generic[T]):
    """Counts everything and names the first ``limit`` of it."""

    limit: int
    count: int = 0
    names: list[T] = field(default_factory=list)

    def add(self, name: T, times: int = 1) -> None:
        """Count ``times`` more, under one name."""
        self.count += times
        if len(self.names) < self.limit:
            self.names.append(name)


@dataclass(frozen=True, slots=True)
class Judged:
    """A copy, the leaf hash of its original, and how good it is: 0 to ``GOOD``."""

    copy: Copy
    leaf: bytes
    rank: int


@dataclass(slots=True)
class Findings:
    """What a comparison has found so far.

    Attributes:
        changed: indexes whose copy is not as it was written.
        missing: ranges of indexes without a copy, both ends included; counted entry by entry.
        added: copies that are no entry's, or an entry's second.
        copies: how many were looked at, ``apart`` of them with the original only.
    """

    limit: int
    changed: Named[int] = field(init=False)
    missing: Named[tuple[int, int]] = field(init=False)
    added: Named[str] = field(init=False)
    copies: int = 0
    apart: int = 0

    def __post_init__(self) -> None:
        self.changed, self.missing, self.added = Named(self.limit), Named(self.limit), Named(self.limit)


class Matching:
    """Matches copies, rising by index, with the log's leaf hashes, and builds the tree of the copies.

    Args:
        checkpoint: the signed tree to compare with.
        limit: how many of each kind are named.

    Attributes:
        end: entries of the log by now; copies between the checkpoint and it are not judged.
    """

    def __init__(self, checkpoint: Checkpoint, limit: int) -> None:
        self.end = checkpoint.size
        self.found = Findings(limit)
        self._checkpoint = checkpoint
        self._frontier = Frontier()
        self._next = 0
        self._best: Judged | None = None

    def take(self, copy: Copy, leaf: bytes | None, told: Told | None = None) -> None:
        """Take the next copy, with the log's leaf hash at its index and what may be told of that entry."""
        size = self._checkpoint.size
        if size <= copy.index < self.end:
            return  # signed after the checkpoint: for the next comparison
        self.found.copies += 1
        self.found.apart += copy.apart
        best = self._best
        if copy.index >= size or copy.index < (self._next if best is None else best.copy.index):
            self.found.added.add(copy.id)
            return
        judged = judge(copy, leaf, self._checkpoint.origin, told)
        if best is not None and best.copy.index == copy.index:
            self._best, other = (judged, best) if judged.rank > best.rank else (best, judged)
            self.found.added.add(other.copy.id)
            return
        self._settle()
        self._best = judged

    def finish(self) -> bool:
        """Settle what is left; return whether the root over the copies is the signed one."""
        self._settle()
        self._skip_to(self._checkpoint.size)
        return self._frontier.size == self._checkpoint.size and self._frontier.root() == self._checkpoint.root

    def _settle(self) -> None:
        """Take the best copy of an index into the tree."""
        best, self._best = self._best, None
        if best is None:
            return
        index = best.copy.index
        self._skip_to(index)
        self._next = index + 1
        if best.rank < GOOD:
            self.found.changed.add(index)
        if self._frontier.size == index:
            self._frontier.append(best.leaf)

    def _skip_to(self, index: int) -> None:
        if index > self._next:
            self.found.missing.add((self._next, index - 1), index - self._next)


def judge(copy: Copy, leaf: bytes | None, origin: str, told: Told | None = None) -> Judged:
    """Return how good a copy is: of the entry with the leaf hash ``leaf``, and of what its original says."""
    head = _original(copy).encode("utf-8", "surrogatepass")
    own = leaf_hash(head)
    if own != leaf:
        return Judged(copy, own, 0)
    said = copy.source == derive(copy, head, own, origin) or (
        told is not None and copy.source == derive(copy, head, own, origin, told)
    )
    return Judged(copy, own, 1 + said + copy.in_place)


def _original(copy: Copy) -> str:
    try:
        return str(copy.form.read(copy.source).original)
    except (LookupError, TypeError):
        return ""


def derive(
    copy: Copy, head: bytes, leaf: bytes, origin: str, told: Told | None = None
) -> Mapping[str, Any] | None:
    """Return the document that the original of ``copy`` makes, None when it makes none."""
    if copy.apart:
        return copy.form.original_only(copy.index, head, leaf, origin=origin)
    try:
        document = copy.form.document(copy.index, head, leaf, origin=origin, told=told)
    except HeadError:
        return None
    # Only what is JSON can be equal to what was read from JSON.
    same: Mapping[str, Any] = document if document == copy.source else orjson.loads(orjson.dumps(document))
    return same
