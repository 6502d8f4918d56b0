"""What goes into the embedded engine comes out as it was, and is compared as what it is."""

import json
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.decision import UNDEFINED
from policy.evaluator import Evaluator
from tests.patience import PATIENCE

RULES = """package guildhall.x

whole := input

known if input.name in data.guildhall.names

same if input.name == "Zoë \\"Q\\"\\\\\\n"

twice if input.name == input.again
"""
DATA = json.dumps({"guildhall": {"names": ["Zoë", "€", 'a "b" \\ c\n', "\u0000", "😀"]}})
ENTRYPOINTS = [f"guildhall/x/{name}" for name in ("whole", "known", "same", "twice")]
INTEGERS = st.integers(-(2**53) + 1, 2**53 - 1)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
DOCUMENTS = st.recursive(
    st.none() | st.booleans() | INTEGERS | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=20,
)


@pytest.fixture(scope="module")
def engine() -> Iterator[Evaluator]:
    files = {"guildhall/x.rego": RULES, "data.json": DATA}
    made = Evaluator(files, ENTRYPOINTS, load_seconds=PATIENCE, decision_seconds=PATIENCE)
    yield made
    made.close()


@given(document=DOCUMENTS)
def test_a_document_comes_out_as_it_went_in(engine: Evaluator, document: object) -> None:
    assert engine.evaluate("guildhall/x/whole", document) == document


@pytest.mark.parametrize(
    "document",
    [
        {"name": "admin\x00evil", "quotes": '"', "slash": "\\", "line": "\n\r\t\x1f\x7f\u2028"},
        {"large": 2**70, "small": -(2**64), "edge": 2**63, "fits": 2**63 - 1, "least": -(2**63) + 1},
        {"half": 1.5, "name": "é"},
        {"alone": "\ud800"},
        {'"a" \\ b': {"": []}},
    ],
)
def test_what_is_odd_stays_exact(engine: Evaluator, document: object) -> None:
    assert engine.evaluate("guildhall/x/whole", document) == document


def test_what_is_no_json_is_an_error_and_never_the_input_before(engine: Evaluator) -> None:
    asked = ['{"name": "first"}', '{"name": 1e400}', '{"name": "third"}']
    first, second, third = engine.evaluate_many("guildhall/x/whole", asked, seconds=PATIENCE)
    assert (first, third) == ({"name": "first"}, {"name": "third"})
    assert second != first


@pytest.mark.parametrize("name", json.loads(DATA)["guildhall"]["names"])
def test_text_is_found_in_data_however_that_is_spelled(engine: Evaluator, name: str) -> None:
    assert engine.evaluate("guildhall/x/known", {"name": name}) is True
    assert engine.evaluate("guildhall/x/known", {"name": f"{name}."}) is UNDEFINED


def test_text_equals_what_a_rule_spells(engine: Evaluator) -> None:
    assert engine.evaluate("guildhall/x/same", {"name": 'Zoë "Q"\\\n'}) is True


@given(name=TEXT, other=TEXT)
def test_text_is_equal_to_itself_alone(engine: Evaluator, name: str, other: str) -> None:
    found = engine.evaluate("guildhall/x/twice", {"name": name, "again": other})
    assert (found is True) is (name == other)
