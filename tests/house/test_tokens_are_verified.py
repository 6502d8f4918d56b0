"""No token is read without its signature anywhere in the product (case 43 of the attacks)."""

import ast
from collections.abc import Iterator
from pathlib import Path

UNPROVEN = {
    "extract_compact",
    "decode_token",
    "parse_id_token",
    "get_unverified_claims",
    "get_unverified_header",
}
"""Calls that give a token's claims before, or without, the check of its signature."""
READ_FIRST = {"sso/signed.py": "chooses by header and issuer whose keys must prove the token"}
"""Where one of them is called all the same, and why that is no belief in what it says."""
OTHER_LIBRARIES = {"jwt", "jose", "authlib.jose"}


def test_case_43_no_token_is_read_without_its_signature(root: Path, sources: list[Path]) -> None:
    found = {
        f"{path}:{call.lineno}"
        for path in sources
        for call in _calls(root / path)
        if _name(call) in UNPROVEN and str(path) not in READ_FIRST
    }
    assert found == set()


def test_case_43_every_decoding_pins_its_algorithms(root: Path, sources: list[Path]) -> None:
    decoding = [
        (str(path), {keyword.arg for keyword in call.keywords})
        for path in sources
        for call in _calls(root / path)
        if ast.unparse(call.func) in {"jwt.decode", "jws.deserialize_compact"}
    ]
    assert decoding
    assert [path for path, given in decoding if "algorithms" not in given] == []


def test_case_43_nothing_else_decodes_tokens(root: Path, sources: list[Path]) -> None:
    imported = {
        (str(path), name)
        for path in sources
        for node in ast.walk(ast.parse((root / path).read_text()))
        for name in _imported(node)
    }
    assert {pair for pair in imported if pair[1] in OTHER_LIBRARIES} == set()


def _calls(path: Path) -> Iterator[ast.Call]:
    return (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call))


def _name(call: ast.Call) -> str:
    return ast.unparse(call.func).rpartition(".")[2]


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [node.module] if isinstance(node, ast.ImportFrom) and node.module else []
