"""What stands where in the bytes of calls that differ in ids, digests, times and sealed contents alone.

A gateway writes thousands of such calls in a row. Once the expressions of audit.forms have taken one, the
others of its shape need none: between the places where they may differ the same bytes stand, and what differs
is of the kind that may stand there, which is asked of all of them together.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain
from operator import itemgetter
from struct import Struct
from typing import Final, NamedTuple

from audit.errors import HeadError
from audit.head import parse_second

ID_LENGTH: Final = 36
HEX_LENGTH: Final = 32
"""An id without its hyphens."""
_SECOND: Final = len("2026-01-31T23:59:59")
_MICROSECONDS: Final = 1_000_000
_HYPHENS: Final = (8, 13, 18, 23)
_HEX: Final = b"0123456789abcdef"
_BASE64: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_TIMES: Final = re.compile(rb"(?:\d{4}-\d\d-\d\dT(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{6}Z)*+")
# In bytes that the expressions took these names are followed by nothing else: a code holds no quotes.
_VARIABLE: Final = re.compile(
    rb'"(?P<name>actor|commitment|decision|ended|evaluation|grant|id|key|policy|request|resource":\{"id|sealed'
    rb'|state|subject|time)":"(?P<value>[^"=]*)(?P<padding>=*)'
)
_KINDS: Final = {
    "commitment": "commitment",
    "ended": "time",
    "policy": "digest",
    "sealed": "sealed",
    "state": "digest",
    "time": "time",
}
"""What may stand behind these names; behind all others it is an id."""

Pieces = tuple[bytes, ...]


class Piece(NamedTuple):
    """Bytes from ``start`` to ``end``; ``kind`` says which may stand there, None: these and no others."""

    kind: str | None
    name: str
    start: int
    end: int


class Read(NamedTuple):
    """What many records of one shape hold.

    Attributes:
        ids: by name, one behind the other, as they are written.
        commitments: all of a record, then all of the next.
        times: microseconds since 1970 of the first time of each.
    """

    ids: Mapping[str, bytes]
    commitments: bytes
    times: Sequence[int]


class Shape:
    """The shape of one record that the expressions took."""

    def __init__(self, data: bytes) -> None:
        """Learn it from ``data``."""
        self._pieces = _cut(data)
        self._struct = Struct("".join(f"{piece.end - piece.start}s" for piece in self._pieces))
        found = self._struct.unpack(data)
        self._fixed = [(place, found[place]) for place in self._places(None)]
        self._varying = {piece.kind: self._places(piece.kind) for piece in self._pieces if piece.kind}

    def match(self, records: Iterable[bytes]) -> list[bool]:
        """Tell of each of many records of this length whether it has what all of this shape have."""
        fixed = tuple(text for _, text in self._fixed)
        select = itemgetter(*(place for place, _ in self._fixed))
        return [select(row) == fixed for row in self._struct.iter_unpack(b"".join(records))]

    def read(self, records: Iterable[bytes]) -> Read | None:
        """Return what many records hold, if all of them are of this shape."""
        columns = list(zip(*self._struct.iter_unpack(b"".join(records)), strict=True))
        count = len(columns[0])
        if any(columns[place].count(text) != count for place, text in self._fixed):
            return None
        varying = {kind: [columns[place] for place in places] for kind, places in self._varying.items()}
        if not all(_MAY_STAND[kind](b"".join(chain.from_iterable(found))) for kind, found in varying.items()):
            return None
        times = _read_times(varying["time"])
        commitments = b"".join(chain.from_iterable(zip(*varying.get("commitment", ()), strict=True)))
        ids = {self._pieces[place].name: b"".join(columns[place]) for place in reversed(self._varying["id"])}
        return None if times is None else Read(ids, commitments, times)

    def _places(self, kind: str | None) -> list[int]:
        return [place for place, piece in enumerate(self._pieces) if piece.kind == kind]


def _cut(data: bytes) -> list[Piece]:
    """Cut what the expressions took into what stands there for all of its shape and what may differ."""
    pieces, at = list[Piece](), 0
    for found in _VARIABLE.finditer(data):
        (start, end), padding = found.span("value"), len(found["padding"])
        name = found["name"].partition(b'"')[0].decode()
        kind, stop = _KINDS.get(name, "id"), end - 1 if padding else end
        pieces += [Piece(None, "", at, start), Piece(kind, name, start, stop)]
        pieces += [Piece(f"last {padding}", name, stop, end)] if padding else []
        at = end
    return [*pieces, Piece(None, "", at, len(data))]


def _are_ids(joined: bytes) -> bool:
    count = len(joined) // ID_LENGTH
    hyphens = b"-" * count
    if any(joined[place::ID_LENGTH] != hyphens for place in _HYPHENS):
        return False
    return len(joined.translate(None, _HEX)) == len(_HYPHENS) * count


def _are_times(joined: bytes) -> bool:
    return _TIMES.fullmatch(joined) is not None


def _are_of(letters: bytes) -> Callable[[bytes], bool]:
    return lambda joined: not joined.translate(None, letters)


_MAY_STAND: Final[Mapping[str, Callable[[bytes], bool]]] = {
    "commitment": _are_of(_HEX),
    "digest": _are_of(_HEX),
    "id": _are_ids,
    # The last letter before padding holds bits that must be zero.
    "last 1": _are_of(b"AEIMQUYcgkosw048"),
    "last 2": _are_of(b"AQgw"),
    "sealed": _are_of(_BASE64),
    "time": _are_times,
}


def _read_times(columns: Sequence[Pieces]) -> Sequence[int] | None:
    """Read the first column; None when a time of any names no moment."""
    try:
        known = {second: parse_second(second.decode()) * _MICROSECONDS for second in _seconds(columns)}
    except HeadError:
        return None
    return [known[time[:_SECOND]] + int(time[_SECOND + 1 : -1]) for time in columns[0]]


def _seconds(columns: Sequence[Pieces]) -> set[bytes]:
    return {time[:_SECOND] for column in columns for time in column}
