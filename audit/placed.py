"""Entries ready for the log: head, leaf hash, body and row made straight from the bytes a producer wrote.

A record in the common form (audit.forms) is not parsed and written again: its canonical pieces are joined as
they stand. audit.record and audit.fold say what an entry is, and tests compare the two byte by byte.
"""

from hashlib import sha256
from typing import Final, NamedTuple

from audit.body import MAX_PARTS
from audit.canonical import MAX_INT
from audit.forms import (
    LONGEST_PLACE,
    OUTCOME,
    OUTCOME_END,
    RECORD,
    RECORD_END,
    Parts,
    join_parts,
    read_parts,
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

_OUTCOME_AROUND: Final = len(',"outcome":""')


class Placed(NamedTuple):
    """An entry that lacks only its index.

    Attributes:
        time: microseconds since 1970, UTC.
        head: the bytes that ``leaf`` is the hash of.
        retention: the retention class of its body.
        columns: the values of ``ENTRY_COLUMNS`` behind ``index``.
        body: the body's bytes.
    """

    time: int
    head: bytes
    leaf: bytes
    retention: str
    columns: tuple[object, ...]
    body: bytes


class _Cut(NamedTuple):
    """A record of the common form, cut at its joints; the fields are the groups of ``RECORD``."""

    start: str
    action: str
    actor: str | None
    middle: str
    decision: str | None
    grant: str | None
    id: str
    outcome: str
    policy: str
    reasons: str
    end: str
    request: str | None
    resource_id: str | None
    resource_type: str | None
    retention: str
    time: str


def place_entry(record: bytes, producer: str, number: int) -> Placed | None:
    """Return the entry of a whole record; None when it is not in the common form."""
    found = _cut_record(record)
    return None if found is None else _place(*found, producer, number)


def place_call(intent: bytes, outcome: bytes, producer: str, number: int) -> Placed | None:
    """Return the entry of a call's intent and outcome; None when one is not in the common form."""
    found, ended = _cut_record(intent), _cut_outcome(outcome)
    if found is None or ended is None:
        return None
    (cut, first), (word, codes, second) = found, ended
    reasons = f',"reasons":[{codes}]' if codes else cut.reasons
    return _place(cut._replace(outcome=word, reasons=reasons), join_parts(first, second), producer, number)


def _cut_record(record: bytes) -> tuple[_Cut, Parts] | None:
    if (text := _ascii(record)) is None or (match := RECORD.match(text)) is None:
        return None
    if (parts := read_parts(text, match.end())) is None or text[parts.end :] != RECORD_END:
        return None
    cut = _Cut(*match.groups())
    return (cut, parts) if _fits(cut, parts) else None


def _cut_outcome(outcome: bytes) -> tuple[str, str, Parts] | None:
    if (text := _ascii(outcome)) is None or (match := OUTCOME.match(text)) is None:
        return None
    ended, word = match.groups()
    if (parts := read_parts(text, match.end())) is None or read_time(ended) is None:
        return None
    end = OUTCOME_END.fullmatch(text, parts.end)
    return None if end is None else (word, end[1], parts)


def _fits(cut: _Cut, parts: Parts) -> bool:
    """Return whether the entry will fit wherever it is placed."""
    pieces = len(cut.start) + len(cut.middle) + len(cut.policy) + len(cut.reasons) + len(cut.end)
    head = pieces + _OUTCOME_AROUND + len(cut.outcome) + LONGEST_PLACE
    return head <= MAX_HEAD and len(parts.commitments) <= MAX_PARTS


def _place(cut: _Cut, parts: Parts, producer: str, number: int) -> Placed | None:
    time = read_time(cut.time)
    if time is None or not _fits(cut, parts) or not is_producer(producer) or number > MAX_INT:
        return None
    digest = f',"body":"{_digest(parts)}"' if parts.commitments else ""
    head = (
        f'{cut.start}{digest}{cut.middle},"number":{number},"outcome":"{cut.outcome}"{cut.policy}'
        f',"producer":"{producer}"{cut.reasons}{cut.end}'
    ).encode()
    leaf = leaf_hash(head)
    columns = (
        cut.id.replace("-", ""),
        time,
        cut.action,
        cut.outcome,
        _hex(cut.actor),
        cut.resource_type,
        _hex(cut.resource_id),
        _hex(cut.request),
        _hex(cut.grant),
        _hex(cut.decision),
        producer,
        number,
        cut.retention,
        head,
        leaf,
    )
    return Placed(time, head, leaf, cut.retention, columns, f"[{parts.text}]".encode())


def _digest(parts: Parts) -> str:
    return sha256(bytes.fromhex("".join(parts.commitments))).hexdigest()


def _hex(text: str | None) -> str | None:
    return None if text is None else text.replace("-", "")


def _ascii(data: bytes) -> str | None:
    try:
        return data.decode("ascii")
    except UnicodeDecodeError:
        return None
