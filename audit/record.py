"""What spool and outbox carry: a head without its place in the log, and its sealed parts.

A record is sealed from the start: whoever reads the spool or the outbox reads codes and references only. The
worker gives it its place.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import orjson

from audit import canonical, details
from audit.body import MAX_PARTS, SealedPart, body_digest, encode_parts, parts_from, seal_parts
from audit.errors import AuditError, CanonicalError, DetailError, EntryTooLargeError, RecordError
from audit.event import Event, Outcome
from audit.event_head import write_head
from audit.events import EVENT_TYPES, Action
from audit.head import MAX_HEAD, Head
from audit.subjects.keyring import Entropy, KeyRing

# What only the worker can fill in: the producer, the number there, and the digest of the final parts.
PLACED: Final = frozenset({"producer", "number", "body"})
# Sizes are checked with the longest place there can be: the worker never meets a head that does not fit.
_LONGEST_PRODUCER: Final = "x" * 64
_LONGEST_DIGEST: Final = "0" * 64
# An intent leaves this many bytes of its head to the reason of its outcome, which must always find room.
OUTCOME_ROOM: Final = 96


@dataclass(frozen=True, slots=True)
class Record:
    """A sealed event on its way to the log. ``head_fields`` lacks ``producer``, ``number`` and ``body``."""

    head_fields: Mapping[str, object]
    parts: tuple[SealedPart, ...]
    _head: bytes | None = field(init=False, default=None, repr=False, compare=False)

    @classmethod
    def from_head(cls, head: bytes, parts: tuple[SealedPart, ...]) -> "Record":
        """Return the record of a head in the common form (audit.forms) and its parts."""
        record = cls(orjson.loads(head), parts)
        object.__setattr__(record, "_head", head)
        return record

    def to_dict(self) -> dict[str, object]:
        """Return the record as canonical JSON allows, to be nested in a frame."""
        return {"head": dict(self.head_fields), "parts": [part.to_dict() for part in self.parts]}

    def to_bytes(self) -> bytes:
        """Return the record as canonical JSON."""
        if self._head is None:
            return canonical.encode(self.to_dict())
        return b'{"head":%b,"parts":%b}' % (self._head, encode_parts(self.parts))

    @classmethod
    def from_dict(cls, fields: object) -> "Record":
        """Read what ``to_dict`` made, checking every field.

        Raises:
            RecordError: not a record.
        """
        if not isinstance(fields, dict) or fields.keys() != {"head", "parts"}:
            raise RecordError("A record has a head and parts.")
        head = fields["head"]
        if not isinstance(head, dict) or head.keys() & PLACED:
            raise RecordError("A record's head has no producer, number or body yet.")
        try:
            record = cls(head_fields=head, parts=parts_from(fields["parts"]))
            _check_fits(record)
        except AuditError as error:
            raise RecordError(f"The record is malformed: {error}") from None
        return record

    @classmethod
    def from_bytes(cls, data: bytes) -> "Record":
        """Read what ``to_bytes`` made.

        Raises:
            RecordError: not canonical JSON, or not a record.
        """
        try:
            return cls.from_dict(canonical.decode(data))
        except CanonicalError as error:
            raise RecordError(f"The record is not canonical: {error}") from None


def seal(event: Event, *, time: int, keys: KeyRing, entropy: Entropy = os.urandom) -> Record:
    """Seal an event that happened at ``time`` (microseconds since 1970, UTC).

    Raises:
        DetailError: a part holds what its act does not declare, or what has no canonical form.
        UnknownSubjectError: a part's subject has no key.
        EntryTooLargeError: too many parts, or a head that could exceed 1,024 bytes, where a call's
            leaves ``OUTCOME_ROOM`` for the reason of its outcome.
        HeadError: a field has the wrong form; names it.
    """
    details.check(event)
    try:
        return seal_declared(event, time=time, keys=keys, entropy=entropy)
    except CanonicalError as error:
        raise DetailError(event.action, f"holds what has no canonical form: {error.args[0]}"[:-1]) from None


def seal_declared(event: Event, *, time: int, keys: KeyRing, entropy: Entropy = os.urandom) -> Record:
    """Seal an event whose details were checked already, or are a vector's; raises as ``seal``.

    Raises:
        CanonicalError: a part's content, or a code, is not canonical JSON.
    """
    spare = OUTCOME_ROOM if event.action is Action.MODEL_INVOKE else 0
    head = write_head(event, time, spare)
    parts = seal_parts(event.parts, keys, entropy=entropy)
    if head is not None:
        return Record.from_head(head, parts)
    fields = _head(event, time).to_dict()
    record = Record({name: value for name, value in fields.items() if name not in PLACED}, parts)
    _check_fits(record, spare=spare)
    return record


def fold(
    intent: Record,
    *,
    outcome: Outcome,
    reasons: Sequence[str] = (),
    parts: Sequence[SealedPart] = (),
) -> Record:
    """Fold a call's outcome into its intent: one record, with the outcome's parts after the intent's.

    Raises:
        EntryTooLargeError: too many parts, or a head that could exceed 1,024 bytes. Whoever writes an outcome
            calls this first, so that the worker never has to refuse one.
    """
    codes = {"reasons": list(reasons)} if reasons else {}
    record = replace(
        intent,
        head_fields={**intent.head_fields, "outcome": str(outcome), **codes},
        parts=(*intent.parts, *parts),
    )
    _check_fits(record)
    return record


def compose(record: Record, *, producer: str, number: int) -> tuple[bytes, bytes]:
    """Give a record its place and return the entry: the head's bytes and the body's bytes.

    Raises:
        HeadError: the producer or number has the wrong form.
        EntryTooLargeError: never for a record that ``seal`` or ``fold`` made.
    """
    return _placed(record, producer, number, body_digest(record.parts)).to_bytes(), encode_parts(record.parts)


def _check_fits(record: Record, *, spare: int = 0) -> None:
    if len(record.parts) > MAX_PARTS:
        raise EntryTooLargeError("parts", len(record.parts), MAX_PARTS)
    head = _placed(record, _LONGEST_PRODUCER, canonical.MAX_INT, _LONGEST_DIGEST).to_bytes()
    if len(head) + spare > MAX_HEAD:
        raise EntryTooLargeError("reasons", len(head) + spare, MAX_HEAD)


def _placed(record: Record, producer: str, number: int, body: str | None) -> Head:
    place = {"producer": producer, "number": number} | ({} if body is None else {"body": body})
    return Head.from_dict({**record.head_fields, **place})


def _head(event: Event, time: int) -> Head:
    return Head(
        id=event.id,
        time=time,
        action=event.action,
        outcome=event.outcome,
        reasons=event.reasons,
        flags=event.flags,
        actor=event.actor,
        resource=event.resource,
        request=event.request,
        grant=event.grant,
        decision=event.decision,
        evaluation=event.evaluation,
        policy=event.policy,
        producer="",
        number=0,
        retention=EVENT_TYPES[event.action].retention,
        state=event.state,
    )
