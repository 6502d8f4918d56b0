"""What a producer writes in one go is, byte for byte, what sealing step by step writes, or refuses."""

import itertools
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from uuid_utils.compat import uuid7

from audit import canonical, details, written
from audit.body import open_part
from audit.errors import AuditError, DetailError, EntryTooLargeError, UnknownSubjectError
from audit.event import Event, Outcome, Part, Resource
from audit.event_head import write_head
from audit.events import EVENT_TYPES, Action
from audit.fold import CallOutcome
from audit.forms import HEAD
from audit.record import Record, seal
from audit.subjects.keyring import MemoryKeyRing, new_key
from audit.written import write_outcome, write_record
from tests.audit.log_store import START

PERSON = uuid7()
KEYS = MemoryKeyRing([new_key(None), new_key(PERSON)])
TEXTS = st.sampled_from(
    ["fraud", "", 'quo"te', "back\\slash", "caf\u00e9", "line\n", "\ud800", "\U0001f600", "nul\0"]
)
VALUES = st.one_of(
    TEXTS, st.integers(-(2**60), 2**60), st.booleans(), st.none(), st.floats(), st.lists(TEXTS, max_size=2)
)
CONTENTS = st.dictionaries(
    st.sampled_from(["route", "operation", "bytes", "sha256", "version", "address", "other"]), VALUES
)
PARTS = st.builds(
    Part,
    name=st.sampled_from(["call", "actor", "answer", "nothing"]),
    subject=st.sampled_from([None, PERSON, uuid7()]),
    content=CONTENTS,
)
IDS = st.none() | st.uuids() | st.just("01890000-0000-7000-8000-000000000001")
CODES = st.lists(st.sampled_from(["code", "a:b", "", 'q"', "\u00e9", "r" * 300]), max_size=3).map(tuple)
EVENTS = st.builds(
    Event,
    action=st.sampled_from([Action.MODEL_INVOKE, Action.AUDIT_READ]),
    actor=IDS,
    outcome=st.sampled_from(Outcome),
    reasons=CODES,
    flags=CODES,
    resource=st.none() | st.builds(Resource, type=st.sampled_from(["route", "R", ""]), id=IDS),
    request=IDS,
    grant=IDS,
    decision=IDS,
    evaluation=IDS,
    policy=st.sampled_from([None, "ab" * 32, "latest"]),
    state=st.sampled_from([None, "cd" * 32, "AB" * 32]),
    parts=st.lists(PARTS, max_size=3).map(tuple),
)


class _Stream:
    """The same bytes, however many are asked for at a time."""

    def __init__(self) -> None:
        self._bytes = itertools.cycle(range(251))

    def __call__(self, count: int) -> bytes:
        return bytes(itertools.islice(self._bytes, count))


def attempt(write: Callable[[], bytes]) -> bytes | type[Exception]:
    try:
        return write()
    except (AuditError, TypeError, ValueError, AttributeError) as error:
        return type(error)


def in_one_go(event: Event) -> bytes:
    return write_record(event, time=START, keys=KEYS, entropy=_Stream())


def step_by_step(event: Event) -> bytes:
    return seal(event, time=START, keys=KEYS, entropy=_Stream()).to_bytes()


def a_call(**fields: object) -> Event:
    said: dict[str, object] = {
        "action": Action.MODEL_INVOKE,
        "actor": PERSON,
        "outcome": Outcome.UNKNOWN,
        "resource": Resource(type="route", id=uuid7()),
        "decision": uuid7(),
        "policy": "ab" * 32,
        "parts": (
            Part(name="call", subject=None, content={"route": "fraud", "bytes": 12}),
            Part(name="actor", subject=PERSON, content={"address": "192.0.2.1", "acr": None}),
        ),
    }
    return Event(**{**said, **fields})  # type: ignore[arg-type]


def test_a_call_is_written_without_the_way_through_the_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    event = a_call()
    expected = step_by_step(event)
    monkeypatch.setattr(written, "seal", None)
    assert in_one_go(event) == expected


@pytest.mark.slow
@settings(max_examples=4_000, deadline=None, suppress_health_check=list(HealthCheck))
@given(EVENTS)
def test_both_ways_write_the_same_bytes_or_refuse_alike(event: Event) -> None:
    assert attempt(lambda: in_one_go(event)) == attempt(lambda: step_by_step(event))


@pytest.mark.slow
@settings(max_examples=4_000, deadline=None, suppress_health_check=list(HealthCheck))
@given(EVENTS)
def test_every_head_written_in_one_go_is_in_the_common_form(event: Event) -> None:
    head = write_head(event, START, 0)
    assert head is None or HEAD.fullmatch(head.decode())


@pytest.mark.slow
@settings(max_examples=4_000, deadline=None, suppress_health_check=list(HealthCheck))
@given(PARTS)
def test_a_part_is_checked_and_written_as_by_the_door_and_the_canonical_form(part: Part) -> None:
    def one_after_the_other() -> bytes:
        details.check_parts(Action.MODEL_INVOKE, [part])
        return canonical.encode(dict(part.content))

    assert attempt(lambda: details.write_content(Action.MODEL_INVOKE, part)) == attempt(one_after_the_other)


def test_every_declared_name_is_a_canonical_key() -> None:
    for kind in EVENT_TYPES.values():
        for part in kind.parts:
            canonical.encode({part.name: {item.name: None for item in part.fields}})
            assert part.name.isascii()


@pytest.mark.parametrize(
    ("parts", "refusal"),
    [
        ((Part(name="secret", subject=None, content={}),), DetailError),
        ((Part(name="call", subject=None, content={"address": "192.0.2.1"}),), DetailError),
        ((Part(name="actor", subject=None, content={"address": "192.0.2.1"}),), DetailError),
        ((Part(name="call", subject=None, content={"bytes": 2**53}),), DetailError),
        ((Part(name="call", subject=None, content={"route": "\ud800"}),), DetailError),
        ((Part(name="actor", subject=uuid7(), content={}),), UnknownSubjectError),
        ((Part(name="call", subject=None, content={}),) * 9, EntryTooLargeError),
    ],
)
def test_what_may_not_be_logged_is_refused_as_ever(parts: tuple[Part, ...], refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        write_record(a_call(parts=parts), time=START, keys=KEYS)


@pytest.mark.parametrize("reasons", [(), ("upstream_failed", "a b"), ("caf\u00e9",)])
def test_an_outcome_is_one_that_the_worker_reads(reasons: tuple[str, ...]) -> None:
    content = {"status": 200, "bytes": 412, "sha256": "7a" * 32}
    answer = Part(name="answer", subject=None, content=content)
    ended = CallOutcome(outcome=Outcome.SUCCESS, ended=START, reasons=reasons)
    data = write_outcome(ended, [answer], action=Action.MODEL_INVOKE, keys=KEYS)
    read = CallOutcome.from_bytes(data)
    assert replace(read, parts=()) == ended
    assert read.to_bytes() == data
    (part,) = read.parts
    assert open_part(part, KEYS.key_for(None)) == content


def test_an_outcome_is_checked_at_the_door_too() -> None:
    ended = CallOutcome(outcome=Outcome.SUCCESS, ended=START)
    wrong = Part(name="answer", subject=None, content={"prompt": "text"})
    with pytest.raises(DetailError):
        write_outcome(ended, [wrong], action=Action.MODEL_INVOKE, keys=KEYS)


def test_no_salt_or_nonce_is_used_twice() -> None:
    records = [Record.from_bytes(write_record(a_call(), time=START, keys=KEYS)) for _ in range(50)]
    sealed = [part.sealed[:12] for record in records for part in record.parts]
    assert len(set(sealed)) == len(sealed) == 100
