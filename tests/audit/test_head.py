from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.canonical import encode
from audit.errors import EntryTooLargeError, HeadError
from audit.event import Outcome, Resource
from audit.head import MAX_HEAD, Head, format_time, parse_time

ID = UUID("01890000-0000-7000-8000-000000000001")
SMALL = Head(
    id=ID,
    time=1_767_225_600_000_001,
    action="audit.read",
    outcome=Outcome.SUCCESS,
    producer="outbox",
    number=0,
    retention="audit",
)
FULL = replace(
    SMALL,
    reasons=("no_grant",),
    flags=("single_person",),
    actor=ID,
    resource=Resource(type="route", id=ID),
    request=ID,
    grant=ID,
    decision=ID,
    evaluation=ID,
    policy="a" * 64,
    state="b" * 64,
    body="c" * 64,
)


def test_a_small_head_leaves_absent_fields_out() -> None:
    assert SMALL.to_bytes() == (
        b'{"action":"audit.read","id":"01890000-0000-7000-8000-000000000001","number":0,"outcome":"success",'
        b'"producer":"outbox","retention":"audit","time":"2026-01-01T00:00:00.000001Z","v":1}'
    )


@pytest.mark.parametrize("head", [SMALL, FULL, replace(FULL, resource=Resource(type="route", id=None))])
def test_heads_read_back(head: Head) -> None:
    assert Head.parse(head.to_bytes()) == head


def test_1024_bytes_fit_and_1025_do_not() -> None:
    room = MAX_HEAD - len(FULL.to_bytes())
    longest = replace(FULL, reasons=("no_grant" + "x" * room,))
    assert len(longest.to_bytes()) == MAX_HEAD
    assert Head.parse(longest.to_bytes()) == longest
    with pytest.raises(EntryTooLargeError, match="1025") as caught:
        replace(FULL, reasons=("no_grant" + "x" * (room + 1),)).to_bytes()
    assert caught.value.field == "reasons"
    with pytest.raises(HeadError, match="1025"):
        Head.parse(longest.to_bytes() + b" ")


@pytest.mark.parametrize(
    "change",
    [
        {"v": 2},
        {"v": True},
        {"v": "1"},
        {"id": "01890000-0000-7000-8000-00000000000A"},
        {"id": 7},
        {"time": "2026-01-01T00:00:00Z"},
        {"time": "2026-02-30T00:00:00.000000Z"},
        {"time": 5},
        {"action": "read"},
        {"action": "Audit.read"},
        {"outcome": "maybe"},
        {"reasons": []},
        {"reasons": [""]},
        {"reasons": "no_grant"},
        {"actor": None},
        {"resource": {"id": str(ID)}},
        {"resource": {"type": "route", "name": "x"}},
        {"policy": "AB" * 32},
        {"producer": ""},
        {"producer": "x" * 65},
        {"number": -1},
        {"number": True},
        {"retention": 1},
        {"body": "00"},
        {"note": "unknown field"},
    ],
)
def test_a_malformed_field_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(HeadError):
        Head.parse(encode({**FULL.to_dict(), **change}))


@pytest.mark.parametrize("name", ["v", "id", "time", "action", "outcome", "producer", "number", "retention"])
def test_a_missing_field_is_refused(name: str) -> None:
    fields = FULL.to_dict()
    del fields[name]
    with pytest.raises(HeadError):
        Head.from_dict(fields)


def test_duplicate_keys_and_other_spellings_are_refused() -> None:
    data = SMALL.to_bytes()
    for wrong in (data.replace(b'{"action"', b'{"action":"a.b","action"'), data + b"\n", data[:-1], b"[]"):
        with pytest.raises(HeadError, match="canonical"):
            Head.parse(wrong)


@given(st.integers(-62_135_596_800_000_000, 253_402_300_799_999_999))
def test_every_time_reads_back(micros: int) -> None:
    text = format_time(micros)
    assert len(text) == 27
    assert parse_time(text) == micros


def test_a_time_beyond_the_calendar_is_refused() -> None:
    with pytest.raises(HeadError, match="9999"):
        format_time(10**19)
