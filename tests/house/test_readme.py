"""The README and the pages that walk through the code name what is there."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

TARGET = re.compile(r"^([a-z]+):.*##", re.MULTILINE)
COMMAND = re.compile(r"^\| `make ([a-z]+)", re.MULTILINE)
STEP = re.compile(r"^\| \d+ \| `([^`]+)` \| `([^`]+)` \|", re.MULTILINE)
NAMED = re.compile(r"`((?:audit|console|policy|sso|migrations|tests|docs)/[\w/.-]+)`")
WALKS = ("docs/request-flow.md", "docs/architecture.md", "docs/threat-model.md")
PNG = b"\x89PNG\r\n\x1a\n"


def test_every_make_command_is_listed_and_no_other(root: Path) -> None:
    listed = set(COMMAND.findall((root / "README.md").read_text()))
    assert listed == set(TARGET.findall((root / "Makefile").read_text())) - {"help"}


def test_the_screenshot_is_a_picture(root: Path) -> None:
    pictures = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", (root / "README.md").read_text())
    assert pictures
    assert [name for name in pictures if not (root / name).read_bytes().startswith(PNG)] == []


def test_each_step_of_a_flow_is_a_function_of_its_file(root: Path) -> None:
    steps = STEP.findall((root / "docs/request-flow.md").read_text())
    assert len(steps) > 40
    assert [f"{file}: {name}" for file, name in steps if name not in _defined(root / file)] == []


@pytest.mark.parametrize("page", WALKS)
def test_each_file_that_a_walk_names_is_there(root: Path, page: str) -> None:
    named = NAMED.findall((root / page).read_text())
    assert named
    assert [name for name in named if not (root / name).exists()] == []


@cache
def _defined(path: Path) -> frozenset[str]:
    """Return the classes, functions and methods of a file, methods as `Class.method`."""
    found = set()
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.ClassDef):
            found |= {f"{node.name}.{item.name}" for item in node.body if hasattr(item, "name")}
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            found.add(node.name)
    return frozenset(found)
