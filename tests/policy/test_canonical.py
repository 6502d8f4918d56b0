import hashlib

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from policy.canonical import canonical, content_hash
from policy.errors import MalformedDocumentError

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
LEAVES = st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | TEXT
VALUES = st.recursive(LEAVES, lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner), max_leaves=20)


@given(VALUES)
def test_it_writes_what_another_implementation_of_rfc_8785_writes(value: object) -> None:
    assert canonical(value) == rfc8785.dumps(value)  # type: ignore[arg-type]


@pytest.mark.parametrize("value", [1.5, float("nan"), 2**53, "\ud800", {1: "x"}, {"\udfff": 1}, b"x", {1}])
def test_what_engines_read_differently_is_refused(value: object) -> None:
    with pytest.raises(MalformedDocumentError):
        canonical({"a": value})


def test_the_content_hash_is_sha_256_over_the_canonical_form() -> None:
    expected = hashlib.sha256(b'{"a":2,"b":1}').hexdigest()
    assert content_hash({"b": 1, "a": 2}) == expected
