"""Entries ready for the log: head, leaf hash, body and row made straight from the bytes a producer wrote.

A record in the common form (audit.forms) is not parsed and written again: its canonical pieces are joined as
they stand. audit.record and audit.fold say what an entry is, and tests compare the two byte by byte.
"""

from hashlib import sha256
from typing import Any, Final, NamedTuple

from audit.body import MAX_PARTS
from audit.canonical import MAX_INT
from audit.forms import (
    HEAD,
    LONGEST_PLACE,
    Groups,
    Parts,
    join_parts,
    read_outcome,
    read_record,
    read_time,
)
from audit.head import MAX_HEAD, is_producer
from audit.tree.merkle import leaf_hash

ENTRY_COLUMNS: Final = (
    "index",
    "id",
    "time",
    "action",
    "outcome",
    "actor",
    "resource_type",
    "resource_id",
    "request",
    "grant_id",
    "decision",
    "producer",
    "number",
    "retention",
    "head",
    "leaf",
)
BODY_COLUMNS: Final = ("index", "retention", "parts")

_AROUND_HEAD: Final = len('{"head":,"parts":[]}')
_LONGEST_HEAD: Final = MAX_HEAD - LONGEST_PLACE
"""What leaves an entry room for its place, wherever that is."""
_WORD: Final = HEAD.groupindex["outcome"] - 1
_REASONS: Final = HEAD.groupindex["reasons"] - 1
_TIME: Final = ENTRY_COLUMNS.index("time") - 1


class Placed(NamedTuple):
    """An entry that lacks only its index.

    Attributes:
        columns: the values of ``ENTRY_COLUMNS`` behind ``index``.
        body: the body's bytes.
    """

    columns: tuple[Any, ...]
    body: bytes

    @property
    def time(self) -> int:
        """Microseconds since 1970, UTC."""
        time: int = self.columns[_TIME]
        return time

    @property
    def head(self) -> bytes:
        """The bytes that ``leaf`` is the hash of."""
        head: bytes = self.columns[-2]
        return head

    @property
    def leaf(self) -> bytes:
        """What the tree holds."""
        leaf: bytes = self.columns[-1]
        return leaf

    @property
    def retention(self) -> str:
        """The retention class of the body."""
        retention: str = self.columns[-3]
        return retention


def place_entry(record: bytes, producer: str, number: int) -> Placed | None:
    """Return the entry of a whole record; None when it is not in the common form."""
    if (found := read_record(record)) is None:
        return None
    head, parts = found
    ended = (head[_WORD], head[_REASONS], parts)
    return _place(head, _head_length(record, parts), ended, (producer, number))


def place_call(intent: bytes, outcome: bytes, producer: str, number: int) -> Placed | None:
    """Return the entry of a call's intent and outcome; None when one is not in the common form."""
    if (found := read_record(intent)) is None or (ended := read_outcome(outcome)) is None:
        return None
    (head, first), (word, codes, second) = found, ended
    length = _head_length(intent, first)
    if length > _LONGEST_HEAD:
        return None
    reasons = f',"reasons":[{codes}]' if codes else head[_REASONS]
    length += len(word) + len(reasons) - len(head[_WORD]) - len(head[_REASONS])
    return _place(head, length, (word, reasons, join_parts(first, second)), (producer, number))


def _head_length(record: bytes, parts: Parts) -> int:
    return len(record) - len(parts[0]) - _AROUND_HEAD


def _place(head: Groups, length: int, ended: tuple[str, str, Parts], place: tuple[str, int]) -> Placed | None:
    (word, reasons, (text, commitments)), (producer, number) = ended, place
    # In the order of the expression, with what the outcome may have changed left out.
    start, action, actor, middle, decision, grant, event, _, policy, _, end, request, *about = head
    resource_id, resource_type, retention, said = about
    time = read_time(said)
    fits = length <= _LONGEST_HEAD and len(commitments) <= MAX_PARTS and number <= MAX_INT
    if time is None or not fits or not is_producer(producer):
        return None
    digest = f',"body":"{_digest(commitments)}"' if commitments else ""
    data = (
        f'{start}{digest}{middle},"number":{number},"outcome":"{word}"{policy}'
        f',"producer":"{producer}"{reasons}{end}'
    ).encode()
    columns = (
        event.replace("-", ""),
        time,
        action,
        word,
        actor and actor.replace("-", ""),
        resource_type,
        resource_id and resource_id.replace("-", ""),
        request and request.replace("-", ""),
        grant and grant.replace("-", ""),
        decision and decision.replace("-", ""),
        producer,
        number,
        retention,
        data,
        leaf_hash(data),
    )
    return Placed(columns, f"[{text}]".encode())


def _digest(commitments: Groups) -> str:
    return sha256(bytes.fromhex("".join(commitments))).hexdigest()
