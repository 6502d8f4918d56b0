"""Every file's syntax tree, parsed once for all house tests."""

import ast
from functools import cache
from pathlib import Path


@cache
def nodes(path: Path) -> tuple[ast.AST, ...]:
    """Return the nodes of a Python file in the order of `ast.walk`, the module first."""
    return tuple(ast.walk(ast.parse(path.read_text())))
