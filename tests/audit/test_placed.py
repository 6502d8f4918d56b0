"""The fast way into the log writes, byte for byte, what the way through audit.record and audit.fold does."""

import base64
from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit import canonical
from audit.body import SealedPart
from audit.entry_rows import compose_entry
from audit.errors import AuditError
from audit.event import Event, Outcome, Part, Resource
from audit.events import Action
from audit.fold import CallOutcome, close_call
from audit.head import format_time
from audit.placed import Placed, place_call, place_entry
from audit.record import OUTCOME_ROOM, Record, _check_fits, _head, seal_declared
from audit.subjects.keyring import MemoryKeyRing, new_key
from tests.audit.log_store import START, a_record

PRODUCER = "gateway-01890000000070008000000000000001"
IDS = st.uuids()
CODES = st.lists(
    st.sampled_from(
        ["no_grant", "role_missing:auditor", "a b", 'quo"te', "back\\slash", "caf\u00e9", "tab\t"]
    ),
    min_size=1,
    max_size=3,
)
PARTS = st.lists(
    st.builds(
        SealedPart,
        name=st.sampled_from(["call", "actor", "call", "actor", "d\u00e9cision", "Part 1", ""]),
        key_id=IDS,
        subject=st.none() | IDS,
        commitment=st.binary(min_size=32, max_size=32),
        sealed=st.binary(max_size=90),
    ),
    max_size=5,
)
GOOD_HEADS = st.fixed_dictionaries(
    {
        "v": st.just(1),
        "id": IDS.map(str),
        "time": st.integers(0, 4_000_000_000_000_000).map(format_time),
        "action": st.sampled_from(["model.invoke", "audit.read", "a.b.c"]),
        "outcome": st.sampled_from(["success", "unknown", "denied", "failure"]),
        "retention": st.sampled_from(["invoke", "admin"]),
    },
    optional={
        "reasons": CODES,
        "flags": CODES,
        "actor": IDS.map(str),
        "resource": st.fixed_dictionaries({"type": st.just("route")}, optional={"id": IDS.map(str)}),
        "request": IDS.map(str),
        "grant": IDS.map(str),
        "decision": IDS.map(str),
        "evaluation": IDS.map(str),
        "policy": st.just("ab" * 32),
        "state": st.just("cd" * 32),
    },
)
WRONG: dict[str, list[object]] = {
    "v": [2, True, "1"],
    "id": ["7", "01890000-0000-7000-8000-00000000000A", 7],
    "time": [
        "2027-02-30T08:00:00.000000Z",
        "now",
        "0000-01-01T00:00:00.000000Z",
        "2027-01-01T24:00:00.000000Z",
    ],
    "action": ["Model.invoke", "model", "a.b.c.d"],
    "outcome": ["won"],
    "retention": ["7"],
    "actor": ["none", None, "01890000-0000-7000-8000-00000000000A"],
    "resource": [{"type": "R"}, {"id": "x", "type": "route"}, {"type": "route", "x": 1}],
    "policy": ["AB" * 32, "00"],
    "reasons": [[], [""], "none", [1]],
    "number": [3],
    "producer": ["x"],
}
FAULTS = st.sampled_from([(name, value) for name, values in WRONG.items() for value in values])
HEADS = st.one_of(
    GOOD_HEADS, GOOD_HEADS, st.builds(lambda head, fault: {**head, fault[0]: fault[1]}, GOOD_HEADS, FAULTS)
)
OUTCOMES = st.builds(
    CallOutcome,
    outcome=st.sampled_from(Outcome),
    ended=st.just(START),
    reasons=st.just(()) | CODES.map(tuple) | st.just(("r" * 400,)),
    parts=PARTS.map(tuple),
)


def record_bytes(head: dict[str, object], parts: list[SealedPart]) -> bytes:
    return canonical.encode({"head": head, "parts": [part.to_dict() for part in parts]})


def slow_entry(record: bytes) -> Placed | None:
    try:
        return compose_entry(Record.from_bytes(record), PRODUCER, 7)
    except AuditError:
        return None


def slow_call(intent: bytes, outcome: bytes) -> Placed | None:
    try:
        return compose_entry(close_call(Record.from_bytes(intent), outcome), PRODUCER, 7)
    except AuditError:
        return None


@pytest.mark.slow
@settings(max_examples=10_000, deadline=None, suppress_health_check=list(HealthCheck))
@given(HEADS, PARTS, OUTCOMES)
def test_both_ways_make_the_same_entry(
    head: dict[str, object], parts: list[SealedPart], outcome: CallOutcome
) -> None:
    try:
        record, ended = record_bytes(head, parts), outcome.to_bytes()
    except AuditError:
        return
    assert place_entry(record, PRODUCER, 7) in (slow_entry(record), None)
    assert place_call(record, ended, PRODUCER, 7) in (slow_call(record, ended), None)


@pytest.mark.slow
@settings(max_examples=1_000, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_no_damage_is_let_through(data: st.DataObject) -> None:
    record, ended = a_record().to_bytes(), an_outcome().to_bytes()
    whole = bytearray(record + ended)
    place = data.draw(st.integers(0, len(whole) - 1))
    whole[place] ^= 1 << data.draw(st.integers(0, 7))
    intent, outcome = bytes(whole[: len(record)]), bytes(whole[len(record) :])
    assert place_entry(intent, PRODUCER, 7) in (slow_entry(intent), None)
    assert place_call(intent, outcome, PRODUCER, 7) in (slow_call(intent, outcome), None)


def an_outcome(**fields: object) -> CallOutcome:
    said: dict[str, object] = {"outcome": Outcome.FAILURE, "ended": START + 5, "parts": a_record().parts}
    return CallOutcome(**{**said, **fields})  # type: ignore[arg-type]


def test_what_a_gateway_writes_goes_the_fast_way() -> None:
    record = a_record(request=UUID(int=5))
    assert place_entry(record.to_bytes(), PRODUCER, 7) == compose_entry(record, PRODUCER, 7)
    for ended in (an_outcome(), an_outcome(reasons=("upstream_failed",)), an_outcome(parts=())):
        placed = place_call(record.to_bytes(), ended.to_bytes(), PRODUCER, 7)
        assert placed is not None
        assert placed == slow_call(record.to_bytes(), ended.to_bytes())


@pytest.mark.parametrize(
    "sealed", [b"", b"x", b"xy", b"xyz", bytes(100), b"\xff" * 31], ids=["0", "1", "2", "3", "100", "31"]
)
def test_parts_of_every_length_go_the_fast_way(sealed: bytes) -> None:
    record = a_record()
    record = Record(record.head_fields, (replace(record.parts[0], sealed=sealed),))
    assert place_entry(record.to_bytes(), PRODUCER, 7) == compose_entry(record, PRODUCER, 7)


def test_another_spelling_of_sealed_bytes_is_left_to_the_slow_way_which_refuses_it() -> None:
    record = a_record()
    good = base64.b64encode(record.parts[0].sealed).decode()
    fields = record.parts[0].to_dict()
    for spelling in (good[:-4], good + "====", good + "AB==", good[:-1] + "*", good + "A"):
        data = canonical.encode({"head": record.head_fields, "parts": [{**fields, "sealed": spelling}]})
        assert place_entry(data, PRODUCER, 7) in (slow_entry(data), None)


def test_an_entry_that_may_not_fit_is_left_to_the_slow_way() -> None:
    record = a_record()
    for length in range(200, 700):
        data = canonical.encode(
            {**record.to_dict(), "head": {**record.head_fields, "reasons": ["r" * length]}}
        )
        assert (place_entry(data, PRODUCER, 7) is None) == (slow_entry(data) is None)


def test_a_producer_or_number_no_head_may_have_is_left_to_the_slow_way() -> None:
    data = a_record().to_bytes()
    assert place_entry(data, "two words", 7) is None
    assert place_entry(data, PRODUCER, canonical.MAX_INT + 1) is None


KEYS = MemoryKeyRing([new_key(None)])
EVENTS = st.builds(
    Event,
    action=st.sampled_from([Action.MODEL_INVOKE, Action.AUDIT_READ]),
    actor=st.none() | IDS,
    id=IDS,
    outcome=st.sampled_from(Outcome),
    reasons=st.just(()) | CODES.map(tuple) | st.just(("r" * 500,)),
    flags=st.just(()) | CODES.map(tuple),
    resource=st.none() | st.builds(Resource, type=st.sampled_from(["route", "R", ""]), id=st.none() | IDS),
    request=st.none() | IDS,
    decision=st.none() | IDS,
    policy=st.none() | st.sampled_from(["ab" * 32, "latest"]),
    parts=st.lists(st.just(Part(name="call", subject=None, content={"route": "r"})), max_size=2).map(tuple),
)


@pytest.mark.slow
@settings(max_examples=2_000, deadline=None, suppress_health_check=list(HealthCheck))
@given(EVENTS)
def test_sealing_writes_and_refuses_the_same_either_way(event: Event) -> None:
    spare = OUTCOME_ROOM if event.action is Action.MODEL_INVOKE else 0
    try:
        fields = {
            name: value
            for name, value in _head(event, START).to_dict().items()
            if name not in ("producer", "number")
        }
        slow = Record(fields, ())
        _check_fits(slow, spare=spare)
        canonical.encode(fields)
    except AuditError as error:
        with pytest.raises(type(error)):
            seal_declared(event, time=START, keys=KEYS)
        return
    made = seal_declared(event, time=START, keys=KEYS)
    assert canonical.encode(made.head_fields) == canonical.encode(fields)
    assert made.to_bytes() == canonical.encode(made.to_dict())
    assert Record.from_bytes(made.to_bytes()) == made
