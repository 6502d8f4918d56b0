import json
import unicodedata
from random import Random
from typing import Literal

import orjson
import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.canonical import MAX_DEPTH, MAX_INT, decode, decode_map, encode
from audit.errors import CanonicalError
from tests.chance import seeded, some, text

LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789_.:-"
KEYS = st.text(LETTERS, min_size=1, max_size=8)
LEAVES = st.none() | st.booleans() | st.integers(-MAX_INT, MAX_INT) | st.text(max_size=12)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=8,
)


TRICKS = (
    *(
        "\u00e9",
        "e\u0301",
        "\u1e9b\u0323",
        "\ufb01",
        "\u212b",
        "\u00c5",
        "\u2126",
        "\u03a9",
        "\uac00",
        "\u1100\u1161",
    ),
    *("\u202e", "\u200b", "\u200d", "\ufeff", "\ufffe", "\uffff", "\u2028", "\x00", "\x7f", "\x85", "\u00ad"),
    *("\U0001f3db", "\U0010ffff", "\U0001d11e", "\ufb33", "\ue000", "\ud7ff", "\\u0041", '"', "\\", "/", "<"),
)
"""Letters that look or normalise alike, marks that hide, the ends of the planes, and what JSON escapes."""
TRICKY = st.recursive(
    st.lists(st.sampled_from(TRICKS) | st.characters(exclude_categories=["Cs"]), max_size=6).map("".join),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=6,
)


def a_text(chance: Random) -> str:
    pieces = chance.choices(TRICKS, k=2) if chance.random() < 0.3 else []
    return "".join([*pieces, text(chance, 8)])


def a_value(chance: Random, depth: int = 3) -> object:
    kind = chance.randrange(8 if depth else 5)
    if kind < 2:
        return a_text(chance)
    if kind < 5:
        return chance.choice((None, True, False, chance.randint(-MAX_INT, MAX_INT), chance.randint(-9, 9)))
    inner = some(chance, 4, lambda within: a_value(within, depth - 1))
    return inner if kind == 5 else {text(chance, 8, LETTERS) or "k": value for value in inner}


def check_reference(value: object) -> None:
    data = encode(value)
    assert data == rfc8785.dumps(value)  # type: ignore[arg-type]
    assert decode(data) == value


@settings(max_examples=100, deadline=None)
@given(VALUES | TRICKY)
def test_same_bytes_as_the_reference_implementation(value: object) -> None:
    check_reference(value)


@pytest.mark.slow
def test_ten_thousand_values_give_the_bytes_of_the_reference_implementation() -> None:
    for chance in seeded(10_000):
        check_reference(a_value(chance))


@given(st.lists(TRICKY, max_size=3))
def test_no_text_is_normalised(value: list[object]) -> None:
    assert decode(encode(value)) == value
    assert (
        encode(value) == json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()
    )


@pytest.mark.parametrize("form", ["NFC", "NFD", "NFKC", "NFKD"])
def test_texts_that_normalise_alike_stay_different(form: Literal["NFC", "NFD", "NFKC", "NFKD"]) -> None:
    for trick in TRICKS:
        other = unicodedata.normalize(form, trick)
        assert (encode(trick) == encode(other)) is (trick == other)


@pytest.mark.parametrize(
    "char", [chr(code) for code in (*range(0x21), 0x22, 0x5C, 0x7F, 0x2028, 0xFFFF, 0x10FFFF)]
)
def test_escapes_as_the_reference_implementation(char: str) -> None:
    assert encode(char) == rfc8785.dumps(char)


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (1.0, "float"),
        ({"a": [0.5]}, r"\$\.a\[0\] is a float"),
        (2**53, "2\\^53"),
        (-(2**53), "2\\^53"),
        ("\ud800", "lone surrogate"),
        ({"A": 1}, "key"),
        ({"": 1}, "key"),
        ({"é": 1}, "key"),
        ({1: 1}, "key"),
        (b"bytes", "bytes"),
        ({1, 2}, "set"),
    ],
)
def test_refuses_what_is_outside_the_profile(value: object, why: str) -> None:
    with pytest.raises(CanonicalError, match=why):
        encode(value)


def test_refuses_deep_nesting() -> None:
    value: object = 1
    for _ in range(MAX_DEPTH):
        value = [value]
    assert encode(value)
    with pytest.raises(CanonicalError, match="deeply"):
        encode([value])


@pytest.mark.parametrize(
    "data",
    [
        b'{"a":1,"a":1}',
        b'{"a":1,"a":2}',
        b'{"b":1,"a":2}',
        b'{"a": 1}',
        b'"\\u0041"',
        b'"\\ud800"',
        b"1.0",
        b"-0",
        b"1e2",
        b"9007199254740992",
        b'{"A":1}',
        b"NaN",
        b"",
        b"\xff",
        b'\xef\xbb\xbf{"a":1}',
        b"[" * 2_000 + b"]" * 2_000,
    ],
)
def test_decode_refuses_every_other_spelling(data: bytes) -> None:
    with pytest.raises(CanonicalError):
        decode(data)


def test_decode_map_wants_an_object() -> None:
    assert decode_map(b'{"a":1}') == {"a": 1}
    with pytest.raises(CanonicalError, match="not an object"):
        decode_map(b"[1]")


@given(VALUES)
def test_standard_json_reads_the_same_value(value: object) -> None:
    assert json.loads(encode(value)) == value == orjson.loads(encode(value))
