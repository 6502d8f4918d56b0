"""Imports point one way, and each outside library stays in the one place that may know it."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.trees import nodes

LEAVES = ("audit", "policy", "sso")
# library -> where it may be imported; a folder ends with a slash
HOMES = {
    "litestar": ("console/",),
    "rfc3161_client": ("audit/checkpoints/rfc3161.py",),
    "elasticsearch": ("audit/sinks/elasticsearch.py",),
    "opa_client": ("policy/opa.py",),
    "regopy": ("policy/embedded_worker.py",),
    "keycloak": ("sso/keycloak/",),
}


def test_the_import_contracts_are_kept(root: Path) -> None:
    linter = Path(sys.executable).parent / "lint-imports"
    # The suite that lints may be at work on the shared cache at the same time.
    command = [str(linter), "--no-logo", "--no-cache"]
    ran = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_leaf_packages_import_neither_each_other_nor_the_console(root: Path, sources: list[Path]) -> None:
    found = [
        f"{path} imports {name}"
        for path in sources
        if path.parts[0] in LEAVES
        for name in _imported(root / path)
        if name == "console" or (name in LEAVES and name != path.parts[0])
    ]
    assert found == []


@pytest.mark.parametrize("library", HOMES)
def test_a_library_stays_in_its_one_place(root: Path, sources: list[Path], library: str) -> None:
    strangers = [str(path) for path in sources if library in _imported(root / path)]
    assert [name for name in strangers if not name.startswith(HOMES[library])] == []


def test_the_data_path_does_not_know_the_slow_client(root: Path, sources: list[Path]) -> None:
    gateway = [path for path in sources if path.parts[:2] == ("console", "gateway")]
    assert [str(path) for path in gateway if {"httpx", "httpx2"} & _imported(root / path)] == []


def _imported(path: Path) -> set[str]:
    found: set[str] = set()
    for node in nodes(path):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found.add((node.module or "").split(".")[0])
    return found
