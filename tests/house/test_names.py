"""One word per idea: words that name no idea are refused in modules and classes."""

import ast
import re
from pathlib import Path

from tests.house.trees import nodes

EMPTY = ("Manager", "Helper", "Util", "Utils", "Base", "DTO")
MODULES = {word.lower() for word in EMPTY} | {"helpers", "managers", "common", "misc", "dtos"}
IN_CLASS = re.compile(r"(?:" + "|".join(EMPTY) + r")(?=[A-Z]|s?$)")


def test_no_module_is_named_for_nothing(python_files: list[Path]) -> None:
    found = [
        str(path)
        for path in python_files
        for part in path.with_suffix("").parts
        if MODULES & set(part.split("_"))
    ]
    assert found == []


def test_no_class_is_named_for_nothing(root: Path, python_files: list[Path]) -> None:
    found = [
        f"{path}:{node.lineno} {node.name}"
        for path in python_files
        for node in nodes(root / path)
        if isinstance(node, ast.ClassDef) and IN_CLASS.search(node.name)
    ]
    assert found == []


def test_the_rule_knows_a_bad_name_from_a_good_one() -> None:
    bad = ["SessionManager", "BaseSink", "UserDTO", "StringUtils", "HTTPHelper"]
    good = ["Database", "Utility", "Decider", "Baseline", "UtilisationRow"]
    assert [name for name in bad if not IN_CLASS.search(name)] == []
    assert [name for name in good if IN_CLASS.search(name)] == []
