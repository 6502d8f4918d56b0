"""A token's claims are read behind its signature; the one place that looks before only chooses whose keys."""

import ast
from functools import cache
from pathlib import Path

from tests.house.trees import nodes

LOOKS_BEFORE = {
    "sso/signed.py": {"_split", "read_header", "unproven_issuer"},
}
UNPROVEN = {
    "decode_token",
    "extract_compact",
    "get_unverified_claims",
    "get_unverified_header",
    "parse_id_token",
    "unproven_issuer",
}
CHOOSES_KEYS = {
    "policy/signing.py": "verify_bundle",
    "sso/tokens.py": "_verify_anew",
    "console/sign_in/back_channel.py": "_believed",
    "console/workloads/callers.py": "_believe",
}
"""Who asks whose a token says it is, and hands it to that issuer's keys in the next line."""
COMPARES_CLOCKS = {("sso/keycloak/checks.py", "_clock")}
"""The doctor reads when a token was issued to us, right after asking for it; nobody is let in by that."""
OTHER_LIBRARIES = {"jwt", "jose", "authlib.jose"}


@cache
def _calls(path: Path) -> list[tuple[str, ast.Call]]:
    functions = [node for node in nodes(path) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    return [(one.name, node) for one in functions for node in ast.walk(one) if isinstance(node, ast.Call)]


def _is_false(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is False


def _name(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def test_case_43_no_token_is_read_without_its_signature(root: Path, sources: list[Path]) -> None:
    read = {
        (str(path), function)
        for path in sources
        for function, call in _calls(root / path)
        if _name(call) in UNPROVEN and function not in LOOKS_BEFORE.get(str(path), set())
    }
    assert read <= set(CHOOSES_KEYS.items()) | COMPARES_CLOCKS


def test_case_43_every_decoding_pins_its_algorithms(root: Path, sources: list[Path]) -> None:
    decodings = [
        (str(path), call)
        for path in sources
        for _, call in _calls(root / path)
        if _name(call).startswith("de")
        and ast.unparse(call.func) in {"jwt.decode", "jws.deserialize_compact", "JsonWebToken.decode"}
    ]
    loose = [path for path, call in decodings if not {"algorithms"} & {word.arg for word in call.keywords}]
    assert len(decodings) >= 3
    assert loose == []


def test_case_43_no_check_is_switched_off(root: Path, sources: list[Path]) -> None:
    off = [
        (str(path), ast.unparse(call))
        for path in sources
        for _, call in _calls(root / path)
        for word in call.keywords
        if word.arg in {"validate", "verify", "verify_signature"} and _is_false(word.value)
    ]
    assert off == []


def test_case_43_nothing_else_decodes_tokens(root: Path, sources: list[Path]) -> None:
    imported = {
        (str(path), name) for path in sources for node in nodes(root / path) for name in _imported(node)
    }
    assert {pair for pair in imported if pair[1] in OTHER_LIBRARIES} == set()


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [node.module] if isinstance(node, ast.ImportFrom) and node.module else []
