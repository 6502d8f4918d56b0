"""Entries column by column: many are handed on, ordered and stored as a few lists, none as an object.

A row of the log is sixteen values, and thousands wait at once. What makes an object of each, or looks at
each, costs more than all that is done with them.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Any, Final, NamedTuple, Self

from audit.placed import ENTRY_COLUMNS, Placed

_KEPT: Final = ENTRY_COLUMNS[1:]
_TIME: Final = _KEPT.index("time")
_RETENTION: Final = _KEPT.index("retention")
_LEAF: Final = _KEPT.index("leaf")
_HEAD: Final = _KEPT.index("head")
_BODY: Final = len(_KEPT)


class Columns(NamedTuple):
    """Entries that lack only their indexes.

    Attributes:
        values: of ``ENTRY_COLUMNS`` behind ``index``, and in the end the bodies; all of one length.
    """

    values: tuple[Sequence[Any], ...] = ((),) * (len(_KEPT) + 1)

    @classmethod
    def of(cls, entries: Iterable[Placed]) -> Self:
        """Turn entries into columns, in their order."""
        rows = [(*one.columns, one.body) for one in entries]
        return cls(tuple(map(list, zip(*rows, strict=True)))) if rows else cls()

    @classmethod
    def joined(cls, short: Sequence[Sequence[Any]], long: Sequence[bytes]) -> Self:
        """Join again what ``split`` parted."""
        if not long:
            return cls()
        values, half = list(short), len(long) // 2
        values.insert(_HEAD, long[:half])
        values.insert(_BODY, long[half:])
        return cls(tuple(values))

    def split(self) -> tuple[Sequence[Sequence[Any]], Sequence[bytes]]:
        """Return the columns of short values, and the long ones: all heads, then all bodies."""
        short = [column for place, column in enumerate(self.values) if place not in {_HEAD, _BODY}]
        return short, [*self.values[_HEAD], *self.values[_BODY]]

    @property
    def size(self) -> int:
        """How many entries these are."""
        return len(self.values[0])

    @property
    def leaves(self) -> Sequence[bytes]:
        """What the tree holds of them."""
        return self.values[_LEAF]

    def entries(self) -> Iterator[Placed]:
        """Turn columns back into entries, for what looks at each."""
        return (Placed(tuple(row[:-1]), row[-1]) for row in zip(*self.values, strict=True))

    def entry_values(self, start: int) -> tuple[Sequence[Any], ...]:
        """Return the values of ``ENTRY_COLUMNS``, the first entry's index being ``start``."""
        return (range(start, start + self.size), *self.values[:-1])

    def body_values(self, start: int) -> tuple[Sequence[Any], ...]:
        """Return the values of ``BODY_COLUMNS``, with the same indexes."""
        return (range(start, start + self.size), self.values[_RETENTION], self.values[-1])

    def by_time(self) -> "Columns":
        """Return them in the order of their times; those of one time stay in theirs."""
        times = self.values[_TIME]
        return self.pick(sorted(range(self.size), key=times.__getitem__))

    def pick(self, order: Sequence[int]) -> "Columns":
        """Return the entries that stand at these places, in this order."""
        if order == list(range(self.size)):
            return self
        return Columns(tuple([column[at] for at in order] for column in self.values))


def join(several: Iterable[Columns]) -> Columns:
    """Return all entries of several, one behind the other."""
    found = [one for one in several if one.size]
    if len(found) == 1:
        return found[0]
    together = zip(*(one.values for one in found), strict=True)
    return Columns(tuple(list(chain(*columns)) for columns in together)) if found else Columns()
