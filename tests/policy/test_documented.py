import json
import re
from pathlib import Path

from policy.decide import __doc__ as codes_of_code
from policy.subset import BUILTINS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/reference/decision-document.md").read_text("utf-8")
TABLE = ROOT / "tests/golden/decisions"


def test_every_reason_is_explained() -> None:
    rows = [row for file in TABLE.glob("*.json") for row in json.loads(file.read_text("utf-8"))]
    codes = {reason.partition(":")[0] for row in rows for reason in row["expect"]["reasons"]}
    codes |= set(re.findall(r"policy_[a-z_]+", codes_of_code or ""))
    assert len(codes) > 15
    assert [code for code in sorted(codes) if f"`{code}" not in PAGE] == []


def test_every_field_of_a_scope_is_explained() -> None:
    rules = (ROOT / "policy/rego/guildhall/list/scope.rego").read_text("utf-8")
    fields = set(re.findall(r'"field": "(\w+)"', rules))
    assert fields == {"id", "person", "team", "visibility"}
    assert [name for name in fields if f"`{name}`" not in PAGE] == []


def test_the_rules_use_no_more_builtins_than_are_listed() -> None:
    used = {
        name
        for file in (ROOT / "policy/rego").rglob("*.rego")
        for name in BUILTINS
        if f"{name}(" in file.read_text("utf-8")
    }
    assert used >= {"array.concat", "concat", "count", "object.get", "sort", "sum", "min", "is_number"}
