"""Calls that are alike are placed together, and each becomes, byte for byte, the entry it becomes alone."""

from collections.abc import Sequence
from dataclasses import replace
from random import Random

import pytest

from audit import canonical
from audit.body import SealedPart
from audit.columns import Columns
from audit.event import Outcome
from audit.fold import CallOutcome
from audit.head import format_time
from audit.placed import Placed, place_call
from audit.spool import alike
from audit.spool.alike import Placing, Shapes
from audit.spool.folding import _in_order
from audit.together import Calls
from tests.audit.log_store import START
from tests.chance import an_id, maybe, seeded, some

PRODUCER = "gateway-01890000000070008000000000000001"
ODD_CODES = ["no_grant", "a:b", 'sealed":', "01890000-0000-7000-8000-000000000001", "ab" * 32, "id"]


def source(seed: int) -> Random:
    return next(seeded(1, seed))


def a_part(chance: Random) -> SealedPart:
    return SealedPart(
        name=chance.choice(["call", "actor"]),
        key_id=an_id(chance),
        subject=maybe(chance, an_id),
        commitment=chance.randbytes(32),
        sealed=chance.randbytes(chance.randint(0, 40)),
    )


def another_part(chance: Random, part: SealedPart) -> SealedPart:
    """One of the same shape."""
    subject = None if part.subject is None else an_id(chance)
    sealed = chance.randbytes(len(part.sealed))
    return replace(
        part, key_id=an_id(chance), subject=subject, commitment=chance.randbytes(32), sealed=sealed
    )


def a_head(chance: Random) -> dict[str, object]:
    names = ("actor", "request", "grant", "decision", "evaluation")
    head: dict[str, object] = {name: str(an_id(chance)) for name in names if chance.random() < 0.7}
    head |= {"resource": {"type": "route", "id": str(an_id(chance))}} if chance.random() < 0.7 else {}
    head |= {"flags": chance.choices(ODD_CODES, k=2)} if chance.random() < 0.3 else {}
    head |= {"policy": chance.randbytes(32).hex()} if chance.random() < 0.7 else {}
    return head | {"v": 1, "id": str(an_id(chance)), "time": format_time(START), "retention": "invoke"}


def another_head(chance: Random, head: dict[str, object]) -> dict[str, object]:
    """One of the same shape, at a time near it."""
    ids = {name: str(an_id(chance)) for name in head if name in {"actor", "id", "grant", "decision"}}
    same = {"action": "model.invoke", "outcome": "unknown", **head}
    return {**same, **ids, "time": format_time(START + chance.randrange(3))}


def some_calls(chance: Random) -> list[tuple[bytes, bytes]]:
    """Calls of a few shapes, mixed."""
    return sorted(one for _ in range(3) for one in calls_of_a_shape(chance, 5))


def calls_of_a_shape(chance: Random, count: int) -> list[tuple[bytes, bytes]]:
    head, reasons = a_head(chance), chance.choice([(), ("upstream_failed",), tuple(ODD_CODES[3:])])
    first, second = (some(chance, 3, a_part) for _ in range(2))
    return [a_call(chance, another_head(chance, head), reasons, first, second) for _ in range(count)]


def a_call(
    chance: Random,
    head: dict[str, object],
    reasons: tuple[str, ...],
    first: Sequence[SealedPart],
    second: Sequence[SealedPart],
) -> tuple[bytes, bytes]:
    parts = [another_part(chance, part).to_dict() for part in first]
    ended = CallOutcome(
        outcome=Outcome.SUCCESS,
        ended=START + chance.randrange(10**9),
        reasons=reasons,
        parts=tuple(another_part(chance, part) for part in second),
    )
    return canonical.encode({"head": head, "parts": parts}), ended.to_bytes()


def columns_of(calls: Sequence[tuple[bytes, bytes]]) -> Calls:
    intents, outcomes = zip(*calls, strict=True)
    return Calls(intents, outcomes, range(7, 7 + len(calls)), range(len(calls)))


def alone(calls: Sequence[tuple[bytes, bytes]]) -> dict[int, Placed | None]:
    return {place: place_call(*call, PRODUCER, 7 + place) for place, call in enumerate(calls)}


def told(made: Placing) -> dict[int, Placed | None]:
    found: dict[int, Placed | None] = {**made.alone, **dict.fromkeys(made.rest)}
    for columns, places in made.together:
        found |= dict(zip(places, columns.entries(), strict=True))
    return found


def test_the_same_entries_are_made_of_calls_of_every_shape() -> None:
    shapes, together = Shapes(), 0
    for chance in seeded(300):
        calls = some_calls(chance)
        made = shapes.place(columns_of(calls), PRODUCER)
        assert told(made) == alone(calls)
        together += sum(columns.size for columns, _ in made.together)
    assert together > 3_000


@pytest.mark.slow
def test_no_damage_to_one_of_them_is_let_through_nor_harms_the_others() -> None:
    shapes, harmed = Shapes(), 0
    for chance in seeded(1_500):
        calls = calls_of_a_shape(source(chance.randrange(3)), 6)
        at = chance.randrange(6)
        calls[at] = damaged(chance, *calls[at])
        expected = alone(calls)
        assert told(shapes.place(columns_of(calls), PRODUCER)) == expected
        harmed += expected[at] is None
    assert harmed > 500


def damaged(chance: Random, intent: bytes, outcome: bytes) -> tuple[bytes, bytes]:
    whole = bytearray(intent + outcome)
    whole[chance.randrange(len(whole))] ^= 1 << chance.randrange(8)
    return bytes(whole[: len(intent)]), bytes(whole[len(intent) :])


@pytest.mark.parametrize(
    ("part", "other"),
    [
        (b'"time":"2027', b'"time":"2O27'),
        (b'"time":"2027-01-15', b'"time":"2027-02-30'),
        (b'"ended":"2027-01', b'"ended":"2027-13'),
        (b"-", b"0"),
        (b'==","sub', b'=A","sub'),
    ],
)
def test_what_may_not_stand_in_its_place_is_refused(part: bytes, other: bytes) -> None:
    chance = source(5)
    sealed, head = replace(a_part(chance), sealed=b"x" * 40, subject=an_id(chance)), a_head(chance)
    calls = [a_call(chance, another_head(chance, head), (), [sealed], [sealed]) for _ in range(5)]
    intent, outcome = calls[2]
    calls[2] = intent.replace(part, other, 1), outcome.replace(part, other, 1)
    assert calls[2] != (intent, outcome)
    assert alone(calls)[2] is None
    assert told(Shapes().place(columns_of(calls), PRODUCER)) == alone(calls)


def test_a_producer_or_number_no_head_may_have_is_left_to_others() -> None:
    calls = calls_of_a_shape(source(3), 5)
    assert Shapes().place(columns_of(calls), "two words").rest == [0, 1, 2, 3, 4]
    large = columns_of(calls)._replace(numbers=[7, 8, canonical.MAX_INT + 1, 9, 10])
    assert Shapes().place(large, PRODUCER).rest == [2]


def test_shapes_are_forgotten_when_there_are_many_and_learned_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alike, "_MOST_SHAPES", 2)
    shapes = Shapes()
    for chance in seeded(50):
        calls = calls_of_a_shape(chance, 4)
        assert told(shapes.place(columns_of(calls), PRODUCER)) == alone(calls)
        assert sum(map(len, shapes._known.values())) <= 2


def test_entries_of_one_time_stand_in_the_order_of_their_frames() -> None:
    calls = [call for chance in seeded(3) for call in calls_of_a_shape(chance, 4)]
    source(1).shuffle(calls)
    made = Shapes().place(columns_of(calls), PRODUCER)
    assert len(made.together) > 1
    one_by_one = Columns.of(filter(None, alone(calls).values())).by_time()
    assert list(_in_order(made.together, made.alone).entries()) == list(one_by_one.entries())
