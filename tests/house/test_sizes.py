"""A file that grows past 350 lines is usually two ideas, and so is a function past 40.

Migrations are not read here: each is written once, by Alembic, and never grows.
"""

import ast
from pathlib import Path

from tests.house.trees import nodes

LONGEST_FILE = 350
LONGEST_FUNCTION = 40
SHARE_OF_SHORT_FUNCTIONS = 0.95
ENOUGH_FUNCTIONS = 100
WRITTEN = {".css", ".html", ".js", ".md", ".py", ".rego", ".sh", ".toml"}


def test_no_file_is_longer_than_350_lines(root: Path, committed: list[Path]) -> None:
    written = [path for path in committed if path.suffix in WRITTEN and "versions" not in path.parts]
    lengths = {
        str(path): (root / path).read_text().count("\n") for path in written if not _generated(root / path)
    }
    assert {name: lines for name, lines in lengths.items() if lines > LONGEST_FILE} == {}


def test_nearly_all_functions_are_short(root: Path, sources: list[Path]) -> None:
    lengths = {name: lines for path in sources for name, lines in _functions(root, path)}
    long = {name: lines for name, lines in lengths.items() if lines > LONGEST_FUNCTION}
    allowed = max(len(lengths), ENOUGH_FUNCTIONS) * (1 - SHARE_OF_SHORT_FUNCTIONS)
    assert len(long) <= allowed, (
        f"{len(long)} of {len(lengths)} functions are over {LONGEST_FUNCTION} lines: {long}"
    )


def test_every_function_says_what_it_returns(root: Path, sources: list[Path]) -> None:
    silent = [
        f"{path}:{node.lineno} {node.name}"
        for path in sources
        for node in nodes(root / path)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.returns is None
    ]
    assert silent == []


def _functions(root: Path, path: Path) -> list[tuple[str, int]]:
    found = [node for node in nodes(root / path) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    return [(f"{path}:{node.lineno} {node.name}", (node.end_lineno or 0) - node.lineno + 1) for node in found]


def _generated(path: Path) -> bool:
    with path.open() as lines:
        return "written by docs/generate.py" in lines.readline()
