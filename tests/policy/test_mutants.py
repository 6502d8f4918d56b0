"""The shipped policies' cases notice when a rule is another one; all mutants are tried by `make soak`."""

from pathlib import Path

import pytest

from policy.bundles import read_bundle
from policy.errors import BundleError
from policy.testing import run_tests
from tests.policy.mutants import Mutant, mutants
from tests.soak.policy_mutation import write

pytestmark = pytest.mark.slow

FILES = read_bundle(with_tests=True).files
RULES = """package guildhall.example

# a == b is no code
allow if {
	not input.a == "x == y"
	input.now >= 3
}

names contains name if some name in input.names

why := ["no"] if {
	input.b
} else := []
"""


def test_comparisons_negations_and_rules_are_what_is_changed() -> None:
    found = mutants({"a.rego": RULES, "a_test.rego": RULES, "data.json": "{}"})
    assert [(one.line, one.what.split(" in `")[0].split(" `")[0]) for one in found] == [
        (5, "== becomes !="),
        (5, "a negation is gone"),
        (6, ">= becomes >"),
        (4, "the rule"),
        (9, "the rule"),
        (11, "the rule"),
    ]
    assert found[0].text == RULES.replace('a == "', 'a != "')
    assert found[1].text == RULES.replace("not ", "")
    assert "allow" not in found[3].text
    assert "else" not in found[5].text


def test_the_shipped_policies_have_many() -> None:
    found = mutants(FILES)
    assert len(found) > 250
    assert all(one.text != FILES[one.path] for one in found)


SAMPLE = [
    ("authz/decision.rego", "the rule `allow if {`"),
    ("authz/grants.rego", "< becomes <= in `now < grant.ends`"),
    ("authz/subject.rego", "a negation is gone in `not auditor_excluded`"),
    ("approval/plan.rego", "the rule `short_groups := [short |`"),
    ("list/scope.rego", "the rule `reaches_all if {`"),
]


@pytest.mark.parametrize(("path", "what"), SAMPLE)
def test_the_embedded_runner_catches_it_too(path: str, what: str, tmp_path: Path) -> None:
    mutant = next(one for one in mutants(FILES) if one.path.endswith(path) and one.what.startswith(what))
    assert not passes(mutant, tmp_path), mutant


def passes(mutant: Mutant, folder: Path) -> bool:
    write(folder, FILES, mutant)
    try:
        return run_tests(folder).passed
    except BundleError:
        return False
