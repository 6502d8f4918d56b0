"""The fast way into the log writes, byte for byte, what the way through audit.record and audit.fold does."""

import base64
from dataclasses import replace
from random import Random
from uuid import UUID

import pytest

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
from tests.chance import Make, an_id, maybe, seeded, some

PRODUCER = "gateway-01890000000070008000000000000001"
WORDS = ["no_grant", "role_missing:auditor", "a b", 'quo"te', "back\\slash", "caf\u00e9", "tab\t"]
NAMES = ["call", "actor", "call", "actor", "d\u00e9cision", "Part 1", ""]
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
FAULTS = [(name, value) for name, values in WRONG.items() for value in values]


def codes(chance: Random) -> list[str]:
    return chance.choices(WORDS, k=chance.randint(1, 3))


def a_reference(chance: Random) -> str:
    return str(an_id(chance))


def a_resource(chance: Random) -> dict[str, object]:
    named = {"id": a_reference(chance)} if chance.random() < 0.5 else {}
    return {"type": "route", **named}


OPTIONAL: dict[str, Make[object]] = {
    **dict.fromkeys(("reasons", "flags"), codes),
    **dict.fromkeys(("actor", "request", "grant", "decision", "evaluation"), a_reference),
    "resource": a_resource,
    "policy": lambda _: "ab" * 32,
    "state": lambda _: "cd" * 32,
}


def a_good_head(chance: Random) -> dict[str, object]:
    return {
        "v": 1,
        "id": a_reference(chance),
        "time": format_time(chance.randint(0, 4_000_000_000_000_000)),
        "action": chance.choice(["model.invoke", "audit.read", "a.b.c"]),
        "outcome": chance.choice(["success", "unknown", "denied", "failure"]),
        "retention": chance.choice(["invoke", "admin"]),
        **{name: make(chance) for name, make in OPTIONAL.items() if chance.random() < 0.5},
    }


def a_head(chance: Random) -> dict[str, object]:
    """A third of the heads have one fault, and another third have codes that no head may have."""
    kind, head = chance.randrange(3), a_good_head(chance)
    if kind == 0:
        head |= {name: ["no_grant", "role_missing:auditor"] for name in ("reasons", "flags") if name in head}
    return {**head, **dict([chance.choice(FAULTS)] if kind == 1 else [])}


def a_part(chance: Random) -> SealedPart:
    return SealedPart(
        name=chance.choice(NAMES),
        key_id=an_id(chance),
        subject=maybe(chance, an_id),
        commitment=chance.randbytes(32),
        sealed=chance.randbytes(chance.randint(0, 90)),
    )


def some_reasons(chance: Random, long: int) -> tuple[str, ...]:
    return chance.choice(((), tuple(codes(chance)), ("r" * long,)))


def an_ended_call(chance: Random) -> CallOutcome:
    return CallOutcome(
        outcome=chance.choice(list(Outcome)),
        ended=START,
        reasons=some_reasons(chance, 400),
        parts=tuple(some(chance, 5, a_part)),
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
def test_both_ways_make_the_same_entry() -> None:
    placed, refused = 0, 0
    for chance in seeded(10_000):
        try:
            record = record_bytes(a_head(chance), some(chance, 5, a_part))
            ended = an_ended_call(chance).to_bytes()
        except AuditError:
            continue
        entry, slow = place_entry(record, PRODUCER, 7), slow_entry(record)
        assert entry in (slow, None)
        assert place_call(record, ended, PRODUCER, 7) in (slow_call(record, ended), None)
        placed, refused = placed + (entry is not None), refused + (slow is None)
    assert min(placed, refused) > 1_000


@pytest.mark.slow
def test_no_damage_is_let_through() -> None:
    record, ended = a_record().to_bytes(), an_outcome().to_bytes()
    for chance in seeded(1_000):
        whole = bytearray(record + ended)
        whole[chance.randrange(len(whole))] ^= 1 << chance.randrange(8)
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


def an_event(chance: Random) -> Event:
    kind = chance.choice(["route", "R", "", None])
    return Event(
        action=chance.choice([Action.MODEL_INVOKE, Action.AUDIT_READ]),
        actor=maybe(chance, an_id),
        id=an_id(chance),
        outcome=chance.choice(list(Outcome)),
        reasons=some_reasons(chance, 500),
        flags=tuple(codes(chance)) if chance.random() < 0.5 else (),
        resource=None if kind is None else Resource(type=kind, id=maybe(chance, an_id)),
        request=maybe(chance, an_id),
        decision=maybe(chance, an_id),
        policy=chance.choice([None, "ab" * 32, "latest"]),
        parts=tuple(some(chance, 2, lambda _: Part(name="call", subject=None, content={"route": "r"}))),
    )


@pytest.mark.slow
def test_sealing_writes_and_refuses_the_same_either_way() -> None:
    for chance in seeded(2_000):
        check_sealing(an_event(chance))


def check_sealing(event: Event) -> None:
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
