"""Every case of tests/house/attack_cases.py has a test that tries it."""

import ast
import re
from collections import defaultdict
from pathlib import Path

import pytest

from tests.house.attack_cases import CASES, CONFORMANCE, ELSEWHERE, TO_COME
from tests.house.trees import nodes

NAMED = re.compile(r"test_case_(\d{2})_")


@pytest.fixture(scope="module")
def tried(root: Path) -> dict[int, set[str]]:
    """Case number to the tests that carry it in their name, or are said to try it."""
    found = defaultdict[int, set[str]](set)
    for path in sorted((root / "tests").rglob("test_*.py")):
        for name in _functions(path):
            place = f"{path.relative_to(root)}::{name}"
            if number := NAMED.match(name):
                found[int(number[1])].add(place)
            for case, places in ELSEWHERE.items():
                found[case] |= {place} & set(places)
    return found


def test_every_attack_is_tried(tried: dict[int, set[str]]) -> None:
    assert [case for case in sorted(CASES.keys() - TO_COME) if not tried[case]] == []


def test_every_test_of_an_attack_names_a_case(tried: dict[int, set[str]]) -> None:
    assert {case for case, places in tried.items() if places} - CASES.keys() == set()
    assert CASES.keys() >= TO_COME


def test_what_is_said_to_try_an_attack_is_there(tried: dict[int, set[str]]) -> None:
    assert {case: places for case, places in ELSEWHERE.items() if not set(places) <= tried[case]} == {}


def test_what_asks_as_the_conformance_suite_does_is_there(root: Path) -> None:
    paths = {place.partition("::")[0] for place in CONFORMANCE.values()}
    there = {f"{path}::{name}" for path in paths for name in _functions(root / path)}
    assert {module: place for module, place in CONFORMANCE.items() if place not in there} == {}


def _functions(path: Path) -> list[str]:
    return [node.name for node in nodes(path) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
