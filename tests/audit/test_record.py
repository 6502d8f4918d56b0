from dataclasses import replace
from uuid import uuid4

import pytest

from audit import canonical
from audit.body import check_parts, decode_parts, open_part, seal_parts
from audit.errors import EntryTooLargeError, HeadError, RecordError, UnknownSubjectError
from audit.event import Event, Outcome, Part, Resource
from audit.events import Action
from audit.head import Head
from audit.record import OUTCOME_ROOM, Record, compose, fold, seal
from audit.subjects.keyring import MemoryKeyRing, new_key

MEMBER = uuid4()
RING = MemoryKeyRing([new_key(None), new_key(MEMBER)])
CALL = Event(
    action=Action.MODEL_INVOKE,
    outcome=Outcome.UNKNOWN,
    actor=MEMBER,
    resource=Resource(type="route", id=uuid4()),
    decision=uuid4(),
    policy="a" * 64,
    parts=(Part(name="call", subject=MEMBER, content={"bytes": 12}),),
)
ANSWER = Part(name="answer", subject=MEMBER, content={"status": 200})


def test_an_event_becomes_an_entry() -> None:
    head_bytes, body = compose(seal(CALL, time=5, keys=RING), producer="gateway-1", number=7)
    head, parts = Head.parse(head_bytes), decode_parts(body)
    assert (head.id, head.time, head.actor, head.resource) == (CALL.id, 5, MEMBER, CALL.resource)
    assert (head.producer, head.number, head.retention) == ("gateway-1", 7, "invoke")
    check_parts(parts, head.body)
    assert open_part(parts[0], RING.key_for(MEMBER)) == {"bytes": 12}


def test_an_entry_without_parts_has_no_body_digest() -> None:
    head, body = compose(seal(replace(CALL, parts=()), time=5, keys=RING), producer="p", number=0)
    assert Head.parse(head).body is None
    assert body == b"[]"


def test_records_read_back() -> None:
    record = seal(CALL, time=5, keys=RING)
    assert Record.from_bytes(record.to_bytes()) == record
    assert "producer" not in record.head_fields


def test_a_malformed_record_is_refused() -> None:
    good = seal(CALL, time=5, keys=RING).to_dict()
    head = good["head"]
    assert isinstance(head, dict)
    wrong: list[object] = [
        [],
        {"head": head},
        {**good, "more": 1},
        {**good, "head": 1},
        {**good, "head": {**head, "number": 1}},
        {**good, "head": {**head, "v": 2}},
        {**good, "head": {**head, "reasons": ["x" * 900]}},
        {**good, "parts": {}},
        {**good, "parts": [{}]},
    ]
    for fields in wrong:
        with pytest.raises(RecordError):
            Record.from_bytes(canonical.encode(fields))
    with pytest.raises(RecordError, match="canonical"):
        Record.from_bytes(b'{"head":{},"head":{},"parts":[]}')


def test_an_outcome_is_folded_into_its_intent() -> None:
    intent = seal(CALL, time=5, keys=RING)
    folded = fold(
        intent, outcome=Outcome.FAILURE, reasons=["upstream_error"], parts=seal_parts([ANSWER], RING)
    )
    head_bytes, body = compose(folded, producer="gateway-1", number=7)
    head, parts = Head.parse(head_bytes), decode_parts(body)
    assert (head.id, head.outcome, head.reasons) == (CALL.id, Outcome.FAILURE, ("upstream_error",))
    check_parts(parts, head.body)
    assert [part.name for part in parts] == ["call", "answer"]


def test_folding_refuses_more_than_an_entry_holds() -> None:
    intent = seal(CALL, time=5, keys=RING)
    with pytest.raises(EntryTooLargeError, match="parts"):
        fold(intent, outcome=Outcome.SUCCESS, parts=seal_parts([ANSWER] * 8, RING))
    with pytest.raises(EntryTooLargeError, match="reasons"):
        fold(intent, outcome=Outcome.FAILURE, reasons=["x" * 900])


def test_every_sealed_record_fits_at_any_place() -> None:
    record = longest_record(replace(CALL, action=Action.MODEL_DESCRIBE))
    head, _ = compose(record, producer="x" * 64, number=canonical.MAX_INT)
    assert len(head) == 1024


def test_an_intent_leaves_room_for_the_reason_of_its_outcome() -> None:
    intent = longest_record(CALL)
    head, _ = compose(intent, producer="x" * 64, number=canonical.MAX_INT)
    assert len(head) == 1024 - OUTCOME_ROOM


def test_sealing_refuses_what_the_log_would() -> None:
    with pytest.raises(UnknownSubjectError):
        seal(CALL, time=5, keys=MemoryKeyRing())
    with pytest.raises(HeadError, match="policy"):
        seal(replace(CALL, policy="latest"), time=5, keys=RING)
    with pytest.raises(HeadError, match="producer"):
        compose(seal(CALL, time=5, keys=RING), producer="two words", number=0)


def longest_record(event: Event) -> Record:
    """Seal ``event`` with the longest reason that is accepted."""
    for length in range(700, 0, -1):
        try:
            return seal(replace(event, reasons=("r" * length,)), time=5, keys=RING)
        except EntryTooLargeError:
            continue
    raise AssertionError(event)
