from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random
from string import ascii_letters, ascii_lowercase, digits
from typing import Any, cast
from unicodedata import category
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.query import FIELDS, Name, Prefix, QueryError, Range, Term, parse, show
from tests.chance import Make, an_id, seeded, some, text

ID = "0198c1a2-7c3e-7b11-9d52-4f0a6f1f2e3d"
QUICK = 100
EXAMPLES = 10_000

any_text = st.text(st.characters(), max_size=80)
NEAR = [*FIELDS, ":", " ", '"', "\\", "*", "model.invoke", ID, "-", "(", "OR", "..", "x", "42"]
near_text = st.lists(st.sampled_from(NEAR), max_size=12).map("".join)


def write_time(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds") + "Z"


def ranges(ends: st.SearchStrategy[Any], write: Callable[[Any], str] = str) -> st.SearchStrategy[Range]:
    """Ranges as they are read from their own text, so that their two forms belong together."""
    field = "index" if write is str else "time"
    texts = (
        st.lists(ends, min_size=2, max_size=2)
        .map(sorted)
        .flatmap(
            lambda pair: st.sampled_from(
                [f"{write(pair[0])}..{write(pair[1])}", f"{write(pair[0])}..", f"..{write(pair[1])}"]
            )
        )
    )
    return texts.map(lambda text: cast("Range", parse(f'{field}:"{text}"')[0].value))


actions = st.from_regex(r"[a-z_]{1,8}(\.[a-z_]{1,8}){1,2}", fullmatch=True)
names = st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=40).map(Name)
ids = st.uuids()
values: dict[str, st.SearchStrategy[Any]] = {
    "action": actions | st.from_regex(r"[a-z_]{1,8}(\.[a-z_]{0,8}){0,2}", fullmatch=True).map(Prefix),
    "actor": names | ids,
    "grant": ids,
    "id": ids,
    "decision": ids,
    "index": st.integers(0, 10**18 - 1) | ranges(st.integers(0, 10**18 - 1)),
    "outcome": st.sampled_from(["denied", "failure", "success", "unknown"]),
    "producer": st.from_regex(r"[A-Za-z0-9._:-]{1,64}", fullmatch=True),
    "request": ids,
    "resource": names | ids,
    "time": ranges(st.datetimes(datetime(1970, 1, 1), datetime(9999, 12, 30)), write=write_time),  # noqa: DTZ001
    "type": st.from_regex(r"[a-z_]{1,40}", fullmatch=True),
}
terms = st.sampled_from(sorted(values)).flatmap(
    lambda name: values[name].map(lambda value: Term(name, value))
)

queries = st.lists(terms, max_size=8).map(tuple)


LOW = ascii_lowercase + "_"


def near_query(chance: Random) -> str:
    return "".join(chance.choices(NEAR, k=chance.randint(0, 12)))


def an_action(chance: Random) -> str | Prefix:
    words = [text(chance, 7, LOW) + "a" for _ in range(chance.randint(2, 3))]
    whole = ".".join(words)
    return whole if chance.random() < 0.5 else Prefix(whole[: chance.randint(1, len(whole))])


def a_name(chance: Random) -> Name:
    letters = [one for one in text(chance, 40) if category(one) not in {"Cc", "Cs"}]
    return Name("".join(letters) or "n")


def a_range(chance: Random, field: str, write: Callable[[int], str], last: int) -> Range:
    first, end = sorted((chance.randint(0, last), chance.randint(0, last)))
    form = chance.choice((f"{write(first)}..{write(end)}", f"{write(first)}..", f"..{write(end)}"))
    return cast("Range", parse(f'{field}:"{form}"')[0].value)


def a_moment(microseconds: int) -> str:
    return write_time(datetime(1970, 1, 1) + timedelta(microseconds=microseconds))  # noqa: DTZ001


VALUES_OF: dict[str, Make[Any]] = {
    "action": an_action,
    "actor": lambda chance: a_name(chance) if chance.random() < 0.5 else an_id(chance),
    "grant": an_id,
    "id": an_id,
    "decision": an_id,
    "index": lambda chance: (
        chance.randrange(10**18) if chance.random() < 0.5 else a_range(chance, "index", str, 10**18 - 1)
    ),
    "outcome": lambda chance: chance.choice(("denied", "failure", "success", "unknown")),
    "producer": lambda chance: text(chance, 63, ascii_letters + digits + "._:-") + "p",
    "request": an_id,
    "resource": lambda chance: a_name(chance) if chance.random() < 0.5 else an_id(chance),
    "time": lambda chance: a_range(chance, "time", a_moment, 8_000 * 31_557_600_000_000),
    "type": lambda chance: text(chance, 39, LOW) + "t",
}


def a_term(chance: Random) -> Term:
    name = chance.choice(sorted(VALUES_OF))
    return Term(name, VALUES_OF[name](chance))


def test_every_field_is_generated_both_ways() -> None:
    assert VALUES_OF.keys() == values.keys()


def test_the_golden_query() -> None:
    assert parse("actor:member action:model.invoke") == (
        Term("actor", Name("member")),
        Term("action", "model.invoke"),
    )


def test_every_kind_of_value() -> None:
    assert parse(f'  action:model.*\tindex:42 id:{ID} outcome:denied resource:"a \\"b\\" \\\\"\n') == (
        Term("action", Prefix("model.")),
        Term("index", 42),
        Term("id", UUID(ID)),
        Term("outcome", "denied"),
        Term("resource", Name('a "b" \\')),
    )


@pytest.mark.parametrize("text", ["", " ", "\n\t "])
def test_nothing_asked_is_no_condition(text: str) -> None:
    assert parse(text) == ()


def test_a_term_knows_the_column_of_its_value() -> None:
    assert [term.column for term in parse("  actor:x index:1")] == [9, 17]


@pytest.mark.parametrize(
    ("text", "column", "part"),
    [
        ("acter:member", 1, 'no field "acter"; did you mean actor?'),
        ("actor:x Outcome:denied", 9, "did you mean outcome?"),
        ("zzz:1", 1, 'there is no field "zzz"'),
        ("reason:no_grant", 1, 'no field "reason"'),
        ("id:member", 4, "an id looks like"),
        (f"request:{ID.replace('-', '')}", 9, "an id looks like"),
        ("index:-1", 7, "in quotes"),
        ("index:5..1", 7, "whole number"),
        ("index:..", 7, "whole number"),
        ("time:yesterday", 6, "a UTC day"),
        ("time:2026-02-30", 6, "a UTC day"),
        ("time:2026-10-02..2026-10-01", 6, "a UTC day"),
        ("time:2026-10-01T10:00+02:00", 6, "a UTC day"),
        ("time:99999999-01-01", 6, "a UTC day"),
        ("decision:no", 10, "an id looks like"),
        ("index:1234567890123456789", 7, "whole number"),
        ("outcome:sucess", 9, "did you mean success?"),
        ("action:model", 8, "looks like model.invoke"),
        ('action:"model.*"', 8, "looks like model.invoke"),
        ("action:*", 8, "cannot begin with *"),
        ('actor:""', 7, "1 to 200 characters"),
        ("actor:", 7, "right after the colon"),
        ("actor: x", 7, "right after the colon"),
        ('actor:"x', 7, "does not end"),
        ('actor:"a"action:x', 10, "a space"),
        ("producer:ä", 10, "64 letters"),
        ("type:Route", 6, "type of resource"),
        ("actor:x\x00", 8, "control character"),
        ("actor:\ud800", 7, "control character"),
        ("actor:x -outcome:denied", 9, "negation"),
        ("actor:x NOT outcome:denied", 9, "negation"),
        ("actor:x OR actor:y", 9, "OR"),
        ("(actor:x)", 1, "parentheses"),
        ("actor:(x,y)", 7, "lists"),
        ("actor:x,y", 8, "lists"),
        ("index:>5", 7, "write a range"),
        ('"two words"', 1, "free text"),
        ("x" * 2_001, 2_001, "2000 characters"),
        (" ".join(["index:1"] * 21), 167, "20 pairs"),
    ],
)
def test_what_is_not_in_the_language_is_named_with_its_column(text: str, column: int, part: str) -> None:
    with pytest.raises(QueryError) as caught:
        parse(text)
    assert caught.value.column == column
    assert part in caught.value.sentence
    assert str(caught.value).startswith(f"Column {column}: ")


def read(text: str) -> tuple[Term, ...] | int:
    """Return the terms, or the column of the error; any other exception is the test's failure."""
    try:
        return parse(text)
    except QueryError as error:
        return error.column


def check_reading(text: str) -> None:
    found = read(text)
    if isinstance(found, int):
        assert 1 <= found <= len(text) + 1
    else:
        assert parse(show(found)) == found


@settings(max_examples=QUICK, deadline=None)
@given(any_text | near_text)
def test_only_a_query_error_is_ever_raised(text: str) -> None:
    check_reading(text)


@pytest.mark.slow
def test_only_a_query_error_is_ever_raised_at_full_size() -> None:
    for chance in seeded(EXAMPLES):
        check_reading(near_query(chance) if chance.random() < 0.5 else text(chance, 80))


@settings(max_examples=QUICK, deadline=None)
@given(queries)
def test_a_printed_query_parses_back(asked: tuple[Term, ...]) -> None:
    assert parse(show(asked)) == asked


@pytest.mark.slow
def test_a_printed_query_parses_back_at_full_size() -> None:
    for chance in seeded(EXAMPLES):
        asked = tuple(some(chance, 8, a_term))
        assert parse(show(asked)) == asked
