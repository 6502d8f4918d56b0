import shutil
from pathlib import Path

import pytest

from policy.bundles import RULES
from policy.errors import BundleError
from policy.testing import check, run_tests

RULE = """package guildhall.list

default scope := {"any": []}
"""
DECIDE = """package guildhall.authz

decision := {"allow": input.yes}
"""
PLAN = """package guildhall.approval

plan := {"required": []} if input.yes
"""
CASES = """package guildhall.list_test

entrypoint := "guildhall/list/scope"

cases := {
	"right": {"input": {}, "expect": {"any": []}},
	"wrong": {"input": {}, "expect": {"any": [1]}},
	"absent": {"input": {}, "expect": "undefined"},
}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in {"list": RULE, "authz": DECIDE, "approval": PLAN, "list_cases": CASES}.items():
        (tmp_path / f"{name}.rego").write_text(text)
    return tmp_path


def test_our_own_cases_pass_in_the_embedded_engine() -> None:
    report = run_tests()
    assert report.failures == ()
    assert report.passed
    assert len(report.outcomes) >= 45


def test_our_own_folder_has_no_problem() -> None:
    assert check() == []


def test_each_case_is_reported_with_what_differs(folder: Path) -> None:
    report = run_tests(folder)
    assert [(outcome.name, outcome.passed, outcome.why) for outcome in report.outcomes] == [
        ("guildhall/list_test: absent", False, "defined"),
        ("guildhall/list_test: right", True, ""),
        ("guildhall/list_test: wrong", False, "any"),
    ]
    assert not report.passed


def test_a_folder_without_cases_has_not_passed(folder: Path) -> None:
    (folder / "list_cases.rego").unlink()
    assert not run_tests(folder).passed


def test_cases_of_another_shape_are_an_error(folder: Path) -> None:
    (folder / "list_cases.rego").write_text("package guildhall.list_test\n\ncases := []\n\nentrypoint := 1\n")
    with pytest.raises(BundleError, match="needs an `entrypoint`"):
        run_tests(folder)


def test_a_broken_rule_is_found(tmp_path: Path) -> None:
    shutil.copytree(RULES, tmp_path / "rego")
    (tmp_path / "rego/guildhall/list/scope.rego").write_text("package guildhall.list\n\nscope := {\n")
    assert any("does not compile" in problem.message for problem in check(tmp_path / "rego"))


def test_a_missing_entrypoint_is_found(folder: Path) -> None:
    (folder / "list.rego").unlink()
    assert "no rule answers guildhall/list/scope" in [problem.message for problem in check(folder)]


@pytest.mark.parametrize(
    ("rule", "before", "after"),
    [
        ("authz/decision.rego", "\tgrounded\n\tnot already", "\tnot already"),
        ("authz/decision.rego", "\trunning\n\twithin", "\twithin"),
        ("authz/grants.rego", "now < grant.ends", "now <= grant.ends"),
        ("authz/review.rego", "\tnot input.subject.id in approval.barred\n", ""),
        ("authz/review.rego", "not one.id in approval.barred", "one.id"),
        ("authz/subject.rego", "not auditor_excluded", "held.role"),
        ("authz/subject.rego", "age <= data.guildhall.step_up_seconds", "age <= 100000"),
        ("approval/plan.rego", 'review.decision == "approve"', "review.decision"),
        ("list/scope.rego", "authz.within_token_scope\n", ""),
    ],
)
def test_a_rule_that_is_made_weaker_fails_a_case(tmp_path: Path, rule: str, before: str, after: str) -> None:
    shutil.copytree(RULES, tmp_path / "rego")
    file = tmp_path / "rego/guildhall" / rule
    text = file.read_text()
    weaker = text.replace(before, after)
    assert weaker != text
    file.write_text(weaker)
    assert run_tests(tmp_path / "rego").failures
