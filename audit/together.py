"""Calls of one shape become entries together, column by column: one look where there was one for each.

``audit.placed.place_call`` says what the entry of a call is. A shape is learned from a call that it took, and
tests compare the two ways byte by byte.
"""

from binascii import unhexlify
from collections.abc import Iterable, Sequence
from hashlib import sha256
from itertools import chain, compress
from typing import Final, NamedTuple

from audit.canonical import MAX_INT
from audit.columns import Columns
from audit.forms import HEAD, Groups, read_outcome, read_record
from audit.head import is_producer
from audit.placed import Placed
from audit.shapes import Read, Shape
from audit.tree.merkle import HASH_SIZE, leaf_hashes

_HEAD: Final = len('{"head":')
_PARTS: Final = b'"parts":['
_WORD: Final = len(',"outcome":""')
_WRITTEN: Final = ("start", "middle", "outcome", "policy", "reasons", "end")
_HEX_LENGTH: Final = 32
_REASONS: Final = HEAD.groupindex["reasons"] - 1
_IDS: Final = ("id", "actor", "resource", "request", "grant", "decision")


class Calls(NamedTuple):
    """Calls of one producer: what the intent and the outcome of each say, and its number there."""

    intents: Sequence[bytes]
    outcomes: Sequence[bytes]
    numbers: Sequence[int]
    places: Sequence[int]
    """Where each stands among others, for whoever puts them in order."""

    def only(self, chosen: Sequence[object]) -> "Calls":
        """Return those that are ``chosen``."""
        return Calls._make(list(compress(column, chosen)) for column in self)

    def at(self, which: Sequence[int]) -> "Calls":
        """Return those that stand at these places of the columns."""
        return Calls._make([column[at] for at in which] for column in self)


class _Pieces(NamedTuple):
    """Where the pieces of an entry stand in the intent, the last in the outcome."""

    start: slice
    middle: slice
    policy: slice
    end: slice
    first: slice
    second: slice


class CallShape:
    """How calls of one shape become entries."""

    def __init__(self, intent: bytes, outcome: bytes, entry: Placed) -> None:
        """Learn it from a call and the entry that ``place_call`` made of it."""
        record, ended = read_record(intent), read_outcome(outcome)
        assert record is not None and ended is not None  # noqa: S101, PT018 - place_call took them
        (head, first), (_, codes, second) = record, ended
        self._shape = Shape(intent + outcome)
        self._pieces = _find_pieces(head, first[0], outcome, second[0])
        self._parts = len(first[1]) + len(second[1])
        self._comma = "," if first[0] and second[0] else ""
        self._reasons = f',"reasons":[{codes}]' if codes else head[_REASONS]
        _, _, self._action, self._word, _, self._type, *_, self._retention, _, _ = entry.columns

    def place(self, calls: Calls, producer: str) -> tuple[Columns, Sequence[bool]]:
        """Return the entries of those that are of this shape, in their order, and which they are."""
        taken = [_may_stand(calls, producer)] * len(calls.numbers)
        read = self._shape.read(_together(calls)) if all(taken) else None
        if read is None and all(taken):
            taken = self._shape.match(_together(calls))
            calls = calls.only(taken)
            read = self._shape.read(_together(calls)) if calls.numbers else None
        if read is None:
            return Columns(), [False] * len(taken)
        return self._columns(calls, read, producer), taken

    def _columns(self, calls: Calls, read: Read, producer: str) -> Columns:
        intents, outcomes = ([one.decode() for one in column] for column in calls[:2])
        heads = self._heads(intents, calls.numbers, self._digests(read), producer)
        event, actor, resource, request, grant, decision = self._ids(read)
        action, word, kind, written, retention = (
            [value] * len(heads)
            for value in (self._action, self._word, self._type, producer, self._retention)
        )
        about = (event, read.times, action, word, actor, kind, resource, request, grant, decision)
        kept = (written, calls.numbers, retention, heads, leaf_hashes(heads))
        return Columns((*about, *kept, self._bodies(intents, outcomes)))

    def _heads(
        self, intents: Sequence[str], numbers: Sequence[int], digests: Sequence[str], producer: str
    ) -> list[bytes]:
        start, middle, policy, end, *_ = self._pieces
        said, behind = f',"outcome":"{self._word}"', f',"producer":"{producer}"{self._reasons}'
        return [
            f'{one[start]}{digest}{one[middle]},"number":{number}{said}{one[policy]}{behind}{one[end]}'.encode()
            for one, number, digest in zip(intents, numbers, digests, strict=True)
        ]

    def _digests(self, read: Read) -> list[str]:
        raw, size = unhexlify(read.commitments), self._parts * HASH_SIZE
        if not size:
            return [""] * len(read.times)
        each = (sha256(raw[at : at + size]).hexdigest() for at in range(0, len(raw), size))
        return [f',"body":"{digest}"' for digest in each]

    def _ids(self, read: Read) -> list[Sequence[str | None]]:
        absent = [None] * len(read.times)
        return [_without_hyphens(read.ids[name]) if name in read.ids else absent for name in _IDS]

    def _bodies(self, intents: Sequence[str], outcomes: Sequence[str]) -> list[bytes]:
        *_, first, second = self._pieces
        comma = self._comma
        return [
            f"[{one[first]}{comma}{other[second]}]".encode()
            for one, other in zip(intents, outcomes, strict=True)
        ]


def _find_pieces(head: Groups, first: str, outcome: bytes, second: str) -> _Pieces:
    sizes = {name: len(head[HEAD.groupindex[name] - 1]) for name in _WRITTEN}
    start = _HEAD + sizes["start"]
    middle = start + sizes["middle"]
    word = middle + _WORD + sizes["outcome"]
    policy = word + sizes["policy"]
    end = policy + sizes["reasons"]
    behind = end + sizes["end"]
    parts = behind + len(_PARTS) + 1
    ended = outcome.index(_PARTS) + len(_PARTS)
    return _Pieces(
        start=slice(_HEAD, start),
        middle=slice(start, middle),
        policy=slice(word, policy),
        end=slice(end, behind),
        first=slice(parts, parts + len(first)),
        second=slice(ended, ended + len(second)),
    )


def _may_stand(calls: Calls, producer: str) -> bool:
    return is_producer(producer) and max(calls.numbers) <= MAX_INT


def _together(calls: Calls) -> Iterable[bytes]:
    return chain.from_iterable(zip(calls.intents, calls.outcomes, strict=True))


def _without_hyphens(ids: bytes) -> list[str]:
    text = ids.replace(b"-", b"").decode()
    return [text[at : at + _HEX_LENGTH] for at in range(0, len(text), _HEX_LENGTH)]
