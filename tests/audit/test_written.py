"""What a producer writes in one go is, byte for byte, what sealing step by step writes, or refuses."""

import itertools
from collections.abc import Callable
from dataclasses import fields, replace
from functools import partial
from random import Random
from typing import Any

import pytest
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
from tests.chance import Make, an_id, maybe, seeded, some

PERSON = uuid7()
KEYS = MemoryKeyRing([new_key(None), new_key(PERSON)])
TEXTS = ["fraud", "", 'quo"te', "back\\slash", "caf\u00e9", "line\n", "\ud800", "\U0001f600", "nul\0"]
NAMES = ["route", "operation", "bytes", "sha256", "version", "address", "other"]
CODES = ["code", "a:b", "", 'q"', "\u00e9", "r" * 300]
REFERENCES = ("actor", "request", "grant", "decision", "evaluation")
FLOATS = [0.0, -0.0, 1.5, float("nan"), float("inf"), float("-inf"), 5e-324, 1e308]
VALUES: list[Make[object]] = [
    lambda chance: chance.choice(TEXTS),
    lambda chance: chance.randint(-(2**60), 2**60),
    lambda chance: chance.choice([True, False, None]),
    lambda chance: chance.choice([*FLOATS, chance.uniform(-1e9, 1e9)]),
    lambda chance: chance.choices(TEXTS, k=chance.randint(0, 2)),
]


def a_part(chance: Random) -> Part:
    return Part(
        name=chance.choice(["call", "actor", "answer", "nothing"]),
        subject=chance.choice([None, PERSON, uuid7()]),
        content={name: chance.choice(VALUES)(chance) for name in NAMES if chance.random() < 0.3},
    )


def a_reference(chance: Random) -> Any:
    return chance.choice([None, an_id(chance), an_id(chance), "01890000-0000-7000-8000-000000000001"])


def some_codes(chance: Random) -> tuple[str, ...]:
    return tuple(some(chance, 3, lambda within: within.choice(CODES)))


def an_odd_event(chance: Random) -> Event:
    kind = chance.choice(["route", "R", "", None])
    return Event(
        action=chance.choice([Action.MODEL_INVOKE, Action.AUDIT_READ]),
        outcome=chance.choice(list(Outcome)),
        reasons=some_codes(chance),
        flags=some_codes(chance),
        resource=None if kind is None else Resource(type=kind, id=a_reference(chance)),
        policy=chance.choice([None, "ab" * 32, "latest"]),
        state=chance.choice([None, "cd" * 32, "AB" * 32]),
        parts=tuple(some(chance, 3, a_part)),
        **{name: a_reference(chance) for name in REFERENCES},
    )


def an_event(chance: Random) -> Event:
    """As a gateway makes them, or with one thing that is odd, or with all."""
    odd, tidy = an_odd_event(chance), a_call(**{name: maybe(chance, an_id) for name in REFERENCES})
    changed = {one.name: getattr(odd, one.name) for one in fields(odd) if chance.random() < 0.1}
    return chance.choice([odd, replace(tidy, **changed), replace(tidy, parts=odd.parts)])


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
def test_both_ways_write_the_same_bytes_or_refuse_alike() -> None:
    written_at_all = 0
    for chance in seeded(4_000):
        event = an_event(chance)
        found = attempt(partial(in_one_go, event))
        assert found == attempt(partial(step_by_step, event))
        written_at_all += isinstance(found, bytes)
    assert 1_000 < written_at_all < 3_000


@pytest.mark.slow
def test_every_head_written_in_one_go_is_in_the_common_form() -> None:
    heads = [write_head(an_event(chance), START, 0) for chance in seeded(4_000)]
    made = [head for head in heads if head is not None]
    assert [head for head in made if not HEAD.fullmatch(head.decode())] == []
    assert 500 < len(made) < 3_500


@pytest.mark.slow
def test_a_part_is_checked_and_written_as_by_the_door_and_the_canonical_form() -> None:
    for chance in seeded(4_000):
        check_part(a_part(chance))


def check_part(part: Part) -> None:
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
