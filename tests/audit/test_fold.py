import pytest

from audit import fold
from audit.errors import RecordError
from audit.event import Outcome
from audit.record import Record, compose
from tests.audit.log_store import START, a_record


def an_outcome() -> fold.CallOutcome:
    return fold.CallOutcome(
        outcome=Outcome.FAILURE, ended=START + 5, reasons=("upstream_failed",), parts=a_record().parts
    )


def test_an_outcome_comes_back_as_it_was_written() -> None:
    written = an_outcome()
    assert fold.CallOutcome.from_bytes(written.to_bytes()) == written


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"{}",
        b'{"ended":"2027-01-15T08:00:00.000000Z","outcome":"won","parts":[],"reasons":[]}',
        b'{"ended":"today","outcome":"success","parts":[],"reasons":[]}',
        b'{"ended":"2027-01-15T08:00:00.000000Z","outcome":"success","parts":[],"reasons":"none"}',
        b'{"ended":"2027-01-15T08:00:00.000000Z","outcome":"success","parts":[{}],"reasons":[]}',
    ],
)
def test_bytes_that_are_no_outcome_leave_the_call_unknown(data: bytes) -> None:
    with pytest.raises(RecordError):
        fold.CallOutcome.from_bytes(data)
    closed = fold.close_call(a_record(), data)
    assert (closed.head_fields["outcome"], closed.head_fields["reasons"]) == (
        "unknown",
        ["outcome_unreadable"],
    )


def test_a_closed_call_has_the_intents_head_and_both_parts() -> None:
    intent, outcome = a_record(), an_outcome()
    closed = fold.close_call(intent, outcome.to_bytes())
    assert closed.head_fields == {
        **intent.head_fields,
        "outcome": "failure",
        "reasons": ["upstream_failed"],
    }
    assert closed.parts == (*intent.parts, *outcome.parts)


def test_a_lost_call_is_unknown_and_says_why() -> None:
    lost = fold.lose_call(a_record())
    assert (lost.head_fields["outcome"], lost.head_fields["reasons"]) == ("unknown", ["outcome_lost"])


def test_an_open_call_is_announced_under_an_id_of_its_own() -> None:
    intent = a_record()
    announced = fold.announce_call(intent, START + 61_000_000)
    assert announced.head_fields["id"] != intent.head_fields["id"]
    assert announced.head_fields["action"] == "model.invoke.open"
    assert announced.head_fields["actor"] == intent.head_fields["actor"]
    assert announced.parts == ()
    assert compose(announced, producer="log", number=1)
    assert Record.from_bytes(announced.to_bytes()) == announced


def test_a_call_is_overdue_after_a_minute() -> None:
    assert not fold.is_overdue(START, START + 60_000_000)
    assert fold.is_overdue(START, START + 60_000_001)
